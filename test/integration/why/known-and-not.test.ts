import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '#protocol/explanation.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { openStore } from '#test/support/server/database.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { noPid, runScript, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { runToEnd, serveSeeing, startCovered, whyPid } from './support/seeing.ts';

/** Before, a pidfd does not tell how its process ended. */
const tellsAfterwards = isAtLeast(6, 15);

function isAtLeast(major: number, minor: number): boolean {
  const [have = 0, haveMinor = 0] = release().split('.').map(Number);
  return have > major || (have === major && haveMinor >= minor);
}

const isRoot = process.getuid?.() === 0;
/** A user who needs no account: the kernel asks for numbers alone. */
const bob = 41_002;
const canBeOthers = isRoot && spawnSync(process.execPath, ['--version'], { uid: bob, gid: bob }).status === 0;

describe('what is there, and what is not', () => {
  test('still running', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const why = await whyPid(served, sleeper.pid);
    expect(why.answer).toMatch(/ is still running$/);
    expect(why).toMatchObject({ ending: { kind: 'running', at: null }, cause: { kind: 'none' }, unknown: [], context: null });
  });

  test('never seen', async () => {
    await using served = await serve();
    const why = await whyPid(served, noPid);
    expect(why.answer).toBe(`pid ${String(noPid)} was never seen: no process has this pid, and the history knows none`);
    expect(why).toMatchObject({ pid: noPid, process: null, ending: { kind: 'unseen' }, lease: null });
    expect(why.unknown).toMatchObject([
      { why: expect.stringContaining('the history is empty'), fix: expect.stringContaining('enabled = true') },
    ]);
  });

  test('no death yet', async () => {
    await using served = await serve();
    expect(await served.wire.call('process.explain', { last: true })).toMatchObject({
      pid: null,
      answer: 'no death is recorded',
      ending: { kind: 'unseen' },
    });
  });

  test('a lease that is not there', async () => {
    await using served = await serve();
    expect(await served.wire.refused('process.explain', { leaseId: 'ls-aaaaaaaaaaaaaaaaaaaa' })).toMatchObject({ code: 1101 });
    expect(await served.wire.refused('process.explain', {})).toMatchObject({ code: -32602 });
    expect(await served.wire.refused('process.explain', { pid: 1, last: true })).toMatchObject({ code: -32602 });
  });

  test('a reboot', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { id: leaseId } = await served.wire.call('lease.register', { pid: sleeper.pid, label: 'cycles' });
    await served.omnid.stop();
    {
      // What the next boot's server finds.
      using store = openStore(served.omnid.database);
      store.database.prepare('UPDATE lease SET boot_id = ?').run('an-earlier-boot');
    }
    await using next = await Omnid.start({ folder: served.folder });
    await using wire = await next.connect();
    const why = await wire.call('process.explain', { leaseId });
    expect(why.answer).toMatch(/was lost with the machine's reboot: its lease was active until then$/);
    expect(why).toMatchObject({
      ending: { kind: 'lost' },
      cause: { kind: 'reboot' },
      lease: { id: leaseId, state: 'lost', effect: 'lost' },
    });
  });

  test('without the sentinel: what went through the server is known, and of the rest why not', async () => {
    await using served = await serve();
    await using asked = await startStubborn();
    await served.wire.call('process.terminate', { pid: asked.pid, graceMs: 100, reason: 'memory is short' });
    expect(await whyPid(served, asked.pid)).toMatchObject({
      ending: { kind: 'signaled', signal: 9, source: 'termination' },
      cause: { kind: 'mediated' },
      unknown: [],
    });
  });

  test.skipIf(!tellsAfterwards)('without the sentinel: a SIGKILL that nobody mediated, and not by whom', async () => {
    await using served = await serve();
    await using covered = await startSleeper();
    const { id: leaseId } = await served.wire.call('lease.register', { pid: covered.pid });
    await covered.kill();
    await until(async () => (await served.wire.call('lease.get', { leaseId })).state === 'exited');
    const why = await served.wire.call('process.explain', { leaseId });
    expect(why.answer).toMatch(/was killed by SIGKILL; who sent it is not recorded$/);
    expect(why).toMatchObject({
      ending: { kind: 'signaled', signal: 9, exitCode: null, source: 'wait' },
      cause: { kind: 'unknown', certain: false },
      lease: { id: leaseId, state: 'exited' },
      unknown: [
        {
          what: 'who sent SIGKILL',
          why: expect.stringContaining('without the sentinel only kills through the server are recorded'),
          fix: expect.stringContaining('enabled = true'),
        },
      ],
    });
  });

  test.skipIf(!tellsAfterwards)(
    `without the sentinel too an exit code of 137 is no SIGKILL${tellsAfterwards ? '' : ' (skipped: needs Linux 6.15)'}`,
    async () => {
      await using served = await serve();
      await using script = runScript('read -r go <&3; exit 137');
      const { leaseId } = await startCovered(served, script);
      await until(async () => (await served.wire.call('lease.get', { leaseId })).state === 'exited');
      const why = await served.wire.call('process.explain', { leaseId });
      expect(why.answer).toMatch(/exited with code 137 by itself: no signal ended it/);
      expect(why).toMatchObject({ ending: { kind: 'exited', exitCode: 137, source: 'wait' }, unknown: [] });
    },
  );

  test.skipIf(!tellsAfterwards)('of what a rule covers too it is known how it ended', async () => {
    const name = `omnimind-test-why-${String(process.pid)}`;
    await using served = await serve({ config: `[[rule]]\nname = "jobs"\njob = '^${name}'\n` });
    const script = served.folder.file(`${name}.sh`);
    await writeFile(script, 'echo ready; read -r go <&3; exit 137');
    await using job = runScript(`exec /bin/sh ${script}`);
    await job.line();
    const [verdict] = await served.wire.call('protection.check', { pids: [job.pid] });
    expect(verdict).toMatchObject({ rule: 'protectionRule' });
    job.say('go\n');
    await job.ended;
    const why = await until(async () => {
      const found = await whyPid(served, job.pid);
      return found.ending.kind === 'exited' ? found : undefined;
    });
    expect(why).toMatchObject({ ending: { exitCode: 137, signal: null, source: 'wait' }, lease: null });
  });

  test('the server’s own SIGTERM, to which it ended', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    await served.wire.call('process.terminate', { pid: sleeper.pid, reason: 'enough' });
    const why = await whyPid(served, sleeper.pid);
    expect(why.answer).toMatch(/ended on the server’s SIGTERM from .*: "enough"$/);
    expect(why).toMatchObject({ ending: { kind: 'gone', source: 'termination' }, cause: { kind: 'mediated', certain: true } });
  });
});

describe.skipIf(skipReason !== undefined)(`with the sentinel${skipWords}`, () => {
  test('the last death', async () => {
    await using served = await serveSeeing();
    // Others may die on this machine at any moment: one of ours is the last at some time.
    const death = await until(async () => {
      await using sleeper = await startSleeper();
      await runToEnd('/bin/kill', '-TERM', sleeper.pid);
      await sleeper.ended;
      const why = await served.wire.call('process.explain', { last: true });
      return why.pid === sleeper.pid ? why : undefined;
    });
    expect(death.answer).toMatch(/SIGTERM from kill -TERM/);
  });

  test.skipIf(!canBeOthers)('another user sees what anybody may', async () => {
    await using served = await serveSeeing({ scope: 'system' });
    await using relay = await startRelay(served.omnid.socket, { uid: bob });
    await using target = runScript('read -r go <&3; exec cat <&3');
    const { leaseId } = await startCovered(served, target);
    await served.wire.call('process.terminate', { pid: target.pid, signal: 9, override: true, reason: 'secret reason' });
    const own = await served.wire.call('process.explain', { leaseId });
    const others: Explanation = await relay.wire.call('process.explain', { leaseId });
    expect(own.answer).toContain('secret reason');
    expect(own.lease?.label).toBe('cycles');
    expect(others.cause).toMatchObject({ kind: 'mediated', certain: true });
    expect(others.lease).toMatchObject({ id: leaseId, label: null });
    for (const secret of ['secret reason', '"cycles"', '"cmdline":', '"exe":', '"cgroup":']) {
      expect(JSON.stringify(own)).toContain(secret);
      expect(JSON.stringify(others)).not.toContain(secret);
    }
  });
});
