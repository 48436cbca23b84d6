import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { SignalEvent } from '#protocol/history.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { killMember, parentOf, runScript, startSleeper, startStubborn, startTicksOf } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** Loading is what tells: by the list of what it needs it may seem to be there. */
async function whyNot(): Promise<string | undefined> {
  try {
    await Sentinel.open({ guard: false }).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
const reason = await whyNot();

function serveSeeing(): Promise<Served> {
  return serve({ config: '[sentinel]\nenabled = true\n' });
}

/** The row of a signal to this process, once it is there. */
function signalRow(served: Served, target: number, signal: number): Promise<SignalEvent> {
  return until(async () => {
    const { events } = await served.wire.call('history.query', { target, signal, source: 'sentinel' });
    return events.find(({ outcome }) => outcome === 'delivered');
  });
}

describe('without the sentinel', () => {
  it("a user's server says why, and what to change", async () => {
    await using served = await serve();
    const { rungs } = await served.wire.call('server.info', {});
    expect(rungs.find(({ layer }) => layer === 'sentinel')).toMatchObject({
      active: false,
      why: expect.stringContaining('unasked'),
      fix: expect.stringContaining('enabled = true'),
    });
  });

  it('a server whose rules are to be guarded says that there is no guard', async () => {
    await using served = await serve({ config: '[rules]\nguardUids = [4242]\n' });
    const record = await served.omnid.logged('guardUids of [rules] has no effect: there is no guard');
    expect(record).toMatchObject({
      level: expect.anything(),
      guardUids: [4242],
      fix: expect.stringContaining('enabled = true'),
    });
  });

  it('a server that wants one and cannot have it runs on', async () => {
    await using served = await serve({
      config: '[sentinel]\nenabled = true\n',
      prefix: ['setpriv', '--bounding-set=-all', '--inh-caps=-all'],
    });
    const sentinel = (await served.wire.call('server.info', {})).rungs.find(({ layer }) => layer === 'sentinel');
    expect(sentinel).toMatchObject({ active: false, fix: expect.stringMatching(/CAP_BPF|libbpf|BTF|root/) });
    await using sleeper = await startSleeper();
    expect(await served.wire.call('lease.register', { pid: sleeper.pid })).toMatchObject({ state: 'active' });
  });
});

describe.skipIf(reason !== undefined)(`with the sentinel${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  it('names who killed whom, though the killer asked nobody and is gone', async () => {
    await using served = await serveSeeing();
    expect((await served.wire.call('server.info', {})).rungs).toContainEqual(
      expect.objectContaining({ layer: 'sentinel', active: true }),
    );
    await using sleeper = await startSleeper();
    const killer = spawn('/bin/kill', ['-KILL', String(sleeper.pid)]);
    await once(killer, 'exit');
    const event = await signalRow(served, sleeper.pid, 9);
    expect(event).toMatchObject({ code: 'user', count: 1, outcome: 'delivered' });
    expect(event.sender).toMatchObject({ pid: killer.pid, comm: 'kill', cmdline: `/bin/kill -KILL ${String(sleeper.pid)}` });
    expect(event.sender?.ancestry[0]?.pid).toBe(process.pid);
    expect(event.target).toMatchObject({ pid: sleeper.pid, comm: 'cat' });
  });

  it('counts a storm in one row', async () => {
    await using served = await serveSeeing();
    await using stubborn = await startStubborn();
    const storm = spawn('/bin/sh', [
      '-c',
      'i=0; while [ $i -lt 5000 ]; do kill -TERM "$0"; i=$((i+1)); done',
      String(stubborn.pid),
    ]);
    await once(storm, 'exit');
    const rows = await until(async () => {
      const { events } = await served.wire.call('history.query', { target: stubborn.pid, signal: 15 });
      return events.reduce((sum, { count }) => sum + count, 0) === 5000 && events;
    });
    expect(rows).toMatchObject([{ outcome: 'ignored', sender: { pid: storm.pid } }]);
  });

  it('leaves one row for a kill of the server’s own, with who asked for it', async () => {
    await using served = await serveSeeing();
    await using sleeper = await startSleeper();
    await served.wire.call('process.terminate', { pid: sleeper.pid });
    // What comes after it in the ring has come: so would its own sight of the kill.
    await using marker = await startSleeper();
    marker.child.kill('SIGKILL');
    await signalRow(served, marker.pid, 9);
    const { events } = await served.wire.call('history.query', { target: sleeper.pid, signal: 15 });
    expect(events).toMatchObject([{ source: 'mediated', termination: 'exited', requester: { pid: process.pid } }]);
  });

  it('says how the root of a lease ended', async () => {
    await using served = await serveSeeing();
    await using tree = runScript('read -r go <&3; exit 5');
    const lease = await served.wire.call('lease.register', { pid: tree.pid });
    tree.say('go\n');
    await tree.ended;
    const root = await until(async () => {
      const { events } = await served.wire.call('history.query', { leaseId: lease.id, source: 'sentinel', outcome: 'exited' });
      return events[0];
    });
    expect(root).toMatchObject({ target: { pid: tree.pid }, exit: { code: 5, signal: null, coreDumped: false } });
  });

  it('keeps a tree’s lease for a child that nobody saw before its parent was gone', async () => {
    await using served = await serveSeeing();
    // The child is left to init at once, in a session of its own: no walk from it leads to the tree.
    await using tree = runScript("read -r go <&3; (setsid sh -c 'echo $$; exec cat <&3 >/dev/null' &); exit 0");
    const lease = await served.wire.call('lease.register', { pid: tree.pid });
    tree.say('go\n');
    const orphan = Number(await tree.line());
    await tree.ended;
    await until(() => parentOf(orphan) !== tree.pid);
    const [verdict] = await served.wire.call('protection.check', { pids: [orphan] });
    expect(verdict).toMatchObject({ allow: false, rule: 'lease', leaseId: lease.id });
    await until(async () => {
      const now = await served.wire.call('lease.get', { leaseId: lease.id });
      return !now.rootAlive && now.state === 'active' && now.members === 1;
    });
    await served.wire.call('history.subscribe', { source: 'lease', leaseId: lease.id });
    killMember(orphan, startTicksOf(orphan));
    await served.wire.told('history.event', ({ event }) => event.outcome === 'exited');
  });

  it('takes in a tree that forks a thousand at once, and forgets it when all are gone', async () => {
    await using served = await serveSeeing();
    const forks = 1000;
    const wait = 'sysread STDIN, my $end, 1';
    const program = `for (1 .. ${String(forks)}) { fork // die $! or do { ${wait}; exit } } $| = 1; print "forked\\n"; ${wait}`;
    await using tree = runScript(`read -r go <&3; exec perl -e '${program}' <&3`);
    const lease = await served.wire.call('lease.register', { pid: tree.pid });
    tree.say('go\n');
    expect(await tree.line()).toBe('forked');
    const get = () => served.wire.call('lease.get', { leaseId: lease.id });
    await until(async () => (await get()).members === forks + 1);
    // A byte for each of them.
    tree.say('x'.repeat(forks + 1));
    await tree.ended;
    await until(async () => (await get()).state === 'exited');
  });

  it('takes its marks away with the lease, and everything with the server', async () => {
    await using served = await serveSeeing();
    await using tree = runScript('read -r go <&3; cat <&3 & echo $!; wait');
    const lease = await served.wire.call('lease.register', { pid: tree.pid });
    await served.wire.call('lease.release', { leaseId: lease.id });
    tree.say('go\n');
    const child = Number(await tree.line());
    expect((await served.wire.call('protection.check', { pids: [child] }))[0]).toMatchObject({ rule: 'unprotected' });
    expect(await served.omnid.stop()).toMatchObject({ code: 0 });
  });
});
