import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { parentOf, runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** A name that nothing else on this machine has. */
const job = `omnimind-test-exec-${String(process.pid)}`;
const config = `[sentinel]\nenabled = true\n[[rule]]\nname = "jobs"\njob = '^${job}'\n`;

describe.skipIf(skipReason !== undefined)(`an automatic rule with the sentinel${skipWords}`, () => {
  it('covers a program from its exec on, and tells subscribers, though nobody asks or looks', async () => {
    await using served = await serve({ scope: 'system', config, args: ['--log-level', 'debug'] });
    const { wire, omnid, folder } = served;
    const { subscriptionId } = await wire.call('protection.subscribe', {});
    symlinkSync('/bin/cat', folder.file(job));
    await using running = runScript(`echo ready; exec ${folder.file(job)} <&3`);
    const record = await omnid.logged('a rule covers a program from its start', ({ pid }) => pid === running.pid);
    expect(record).toMatchObject({ rule: 'jobs', rootPid: running.pid });
    const { added } = await wire.told(
      'protection.changed',
      (params) => params.subscriptionId === subscriptionId && params.added.some(({ identity }) => identity.pid === running.pid),
    );
    expect(added.find(({ identity }) => identity.pid === running.pid)?.rule).toBe('jobs');
  });

  it('covers what a covered process started and left at once', async () => {
    await using served = await serve({ scope: 'system', config, args: ['--log-level', 'debug'] });
    const { wire, omnid, folder } = served;
    const script = folder.file(`${job}.sh`);
    // The middle shell is gone when the pid of its child is told: nobody can walk up to the job any more.
    writeFileSync(script, "read _ <&3; sh -c 'cat <&3 >/dev/null & echo $!'; exec cat <&3");
    await using running = runScript(`exec /bin/sh ${script}`);
    await omnid.logged('a rule covers a program from its start', ({ pid }) => pid === running.pid);
    running.say('go\n');
    const orphan = Number(await running.line());
    expect(parentOf(orphan)).not.toBe(running.pid);
    await until(async () => (await wire.call('protection.check', { pids: [orphan] }))[0]?.rule === 'protectionRule');
    await running.kill();
    expect((await wire.call('protection.check', { pids: [orphan] }))[0]?.rule).toBe('protectionRule');
  });
});
