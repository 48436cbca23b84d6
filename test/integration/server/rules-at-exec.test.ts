import { symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

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
});
