import { describe, expect, it } from 'vitest';
import { Omnid } from '#test/support/server/omnid.ts';
import { killMember, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

describe('what outlives the server', () => {
  it.each(['stop', 'kill'] as const)('takes up leases, terms, parents and members after a %s', async (end) => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    await using tree = runScript('sh -c "cat <&3 >/dev/null & echo \\$\\$ \\$!; wait" & wait');
    const [child = 0, grandchild = 0] = (await tree.line()).split(' ').map(Number);
    await using beating = await startSleeper();
    const outer = await wire.call('lease.register', {
      pid: tree.pid,
      label: 'outer',
      reason: 'r',
      maxMs: 3_600_000,
      priority: 3,
    });
    const inner = await wire.call('lease.register', { pid: child, strict: true, forbiddenSignals: [9, 34] });
    const heart = await wire.call('lease.register', { pid: beating.pid, ttlMs: 60_000 });
    await wire.call('protection.check', { pids: [grandchild] });
    await wire.call('lease.list', {});
    await omnid[end]();
    await using next = await Omnid.start({ folder });
    expect(await next.logged('listening')).toMatchObject({ resumed: 3, ended: 0 });
    await using again = await next.connect();
    for (const lease of [outer, inner, heart]) {
      const { members: _members, expiresAt: _expiresAt, renewedAt: _renewedAt, ...terms } = lease;
      expect(await again.call('lease.get', { leaseId: lease.id })).toMatchObject(terms);
    }
    expect((await again.call('lease.get', { leaseId: inner.id })).parentLeaseId).toBe(outer.id);
    expect((await again.call('lease.get', { leaseId: outer.id })).members).toBe(3);
    const expiry = Date.parse((await again.call('lease.get', { leaseId: outer.id })).expiresAt ?? '');
    expect(Math.abs(expiry - Date.parse(outer.expiresAt ?? ''))).toBeLessThan(1000);
    const verdicts = await again.call('protection.check', { pids: [tree.pid, child, grandchild, beating.pid] });
    expect(verdicts.map(({ allow, leaseId }) => [allow, leaseId])).toEqual([
      [false, outer.id],
      [false, inner.id],
      [false, inner.id],
      [false, heart.id],
    ]);
    await again.call('lease.release', { pid: grandchild });
    expect((await again.call('protection.check', { pids: [grandchild] }))[0]?.leaseId).toBe(outer.id);
  });

  it('knows a member of before that was left to init meanwhile, and not one that nobody had seen', async () => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    await using tree = runScript("sh -c 'cat <&3 >/dev/null & echo $$ $!; wait' & read -r go <&3; wait");
    const [middle = 0, child = 0] = (await tree.line()).split(' ').map(Number);
    const lease = await wire.call('lease.register', { pid: tree.pid });
    await wire.call('lease.list', {});
    // Members are written down a moment after they were seen; what is answered after that is on the disk with them.
    await wire.call('lease.register', { pid: child, scope: 'process' });
    await wire.call('lease.release', { pid: child });
    await omnid.kill();
    const before = startTicksOf(child);
    killMember(middle, startTicksOf(middle));
    await tree.kill();
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    expect(await again.call('lease.get', { leaseId: lease.id })).toMatchObject({
      state: 'active',
      rootAlive: false,
      members: 1,
    });
    expect((await again.call('protection.check', { pids: [child] }))[0]).toMatchObject({ allow: false, leaseId: lease.id });
    await again.call('history.subscribe', {});
    killMember(child, before);
    expect((await again.told('history.event')).event).toMatchObject({ outcome: 'exited', leaseId: lease.id });
  });

  it('ends leases whose processes ended while no server ran', async () => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    const sleeper = await startSleeper();
    const { id } = await wire.call('lease.register', { pid: sleeper.pid });
    await omnid.kill();
    await sleeper.kill();
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    expect((await again.call('lease.get', { leaseId: id })).state).toBe('exited');
    expect((await again.call('history.query', { leaseId: id })).events.map(({ outcome }) => outcome)).toEqual([
      'exited',
      'granted',
    ]);
  });

  it('gives a heartbeat lease one full ttl, and a process that waits for it no more', async () => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    await using sleeper = await startSleeper();
    const { id } = await wire.call('lease.register', { pid: sleeper.pid, ttlMs: 1000 });
    await omnid.kill();
    // Longer than the ttl: no server, no end.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    await again.call('history.subscribe', { outcome: 'expired' });
    expect((await again.call('lease.get', { leaseId: id })).state).toBe('active');
    expect((await again.told('history.event')).event.leaseId).toBe(id);
  });
});
