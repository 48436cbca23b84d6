import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { countPidfds } from '#test/support/server/inspect.ts';
import { killMember, noPid, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

describe('the life of a lease', () => {
  it('is granted to the caller itself, with all its terms', async () => {
    await using served = await serve();
    const { wire } = served;
    const lease = await wire.call('lease.register', {
      label: 'cycles',
      reason: 'five hundred of them',
      scope: 'process',
      strict: true,
      priority: 7,
      forbiddenSignals: [9, 15],
      maxMs: 60_000,
    });
    expect(lease).toMatchObject({
      identity: { pid: process.pid, startTicks: startTicksOf(process.pid) },
      uid: process.getuid?.(),
      label: 'cycles',
      reason: 'five hundred of them',
      renewal: 'process',
      scope: 'process',
      strict: true,
      guard: false,
      priority: 7,
      forbiddenSignals: [9, 15],
      members: 1,
      rootAlive: true,
      state: 'active',
      ttlMs: null,
      maxMs: 60_000,
      renewedAt: null,
      endedAt: null,
    });
    expect(Date.parse(lease.expiresAt ?? '') - Date.parse(lease.grantedAt)).toBeGreaterThan(59_000);
    expect(await wire.call('lease.get', { leaseId: lease.id })).toMatchObject({ id: lease.id, label: 'cycles' });
  });

  it('is granted to a process by its pid, its start time and its pidfd', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    const { pid } = sleeper;
    const { identity } = await wire.call('lease.register', { pid });
    const claim = {
      pid,
      startTicks: identity.startTicks,
      ...(identity.pidfdId === undefined ? {} : { pidfdId: identity.pidfdId }),
    };
    await wire.call('lease.register', claim);
    expect(await wire.refused('lease.register', { ...claim, startTicks: '1' })).toMatchObject({ code: 1002 });
    expect(await wire.refused('lease.register', { pid, pidfdId: '1' })).toMatchObject({ code: 1002 });
    expect(await wire.refused('lease.register', { pid: noPid })).toMatchObject({ code: 1001 });
    expect(await wire.refused('lease.register', { pid: 1 })).toMatchObject({ code: 1003 });
    expect(await wire.refused('lease.register', { pid: served.omnid.pid })).toMatchObject({ code: 1003 });
    expect(await wire.refused('lease.register', { pid, guard: true })).toMatchObject({ code: 1401 });
    expect(await wire.refused('lease.register', { pid, ttlMs: 1 })).toMatchObject({ code: 1104, data: { min: 100 } });
    expect(await wire.refused('lease.register', { pid, renewal: 'process', ttlMs: 1000 })).toMatchObject({ code: -32602 });
  });

  it('keeps its id and takes new terms where the same owner registers the same process again', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    const { pid } = sleeper;
    const before = countPidfds(omnid.pid);
    const first = await wire.call('lease.register', { pid, label: 'first', scope: 'process' });
    const again = await wire.call('lease.register', { pid, label: 'again', ttlMs: 60_000, forbiddenSignals: [9] });
    expect(again).toMatchObject({
      id: first.id,
      label: 'again',
      renewal: 'heartbeat',
      ttlMs: 60_000,
      scope: 'tree',
      forbiddenSignals: [9],
    });
    expect(again.renewedAt).not.toBeNull();
    expect((await wire.call('lease.list', { state: 'any' })).leases.length).toBe(1);
    const outcomes = (await wire.call('history.query', { leaseId: first.id })).events.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['renewed', 'granted']);
    expect((await wire.call('protection.check', { pids: [pid], signal: 15 }))[0]).toMatchObject({
      allow: true,
      rule: 'unprotected',
    });
    await until(() => countPidfds(omnid.pid) === before + 1);
    await wire.call('lease.release', { leaseId: first.id });
    await until(() => countPidfds(omnid.pid) === before);
    const anew = await wire.call('lease.register', { pid });
    expect(anew.id).not.toBe(first.id);
  });

  it('ends when its heartbeat stays away', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    await wire.call('history.subscribe', { source: 'lease' });
    await using holder = await omnid.connect();
    const lease = await holder.call('lease.register', { pid: sleeper.pid, ttlMs: 200 });
    expect(lease).toMatchObject({ renewal: 'heartbeat', ttlMs: 200, maxMs: null });
    const { event } = await wire.told('history.event', (told) => told.event.outcome !== 'granted');
    expect(event).toMatchObject({ outcome: 'expired', leaseId: lease.id, sender: null });
    const ended = await wire.call('lease.get', { leaseId: lease.id });
    expect(ended).toMatchObject({ state: 'expired', members: 0, expiresAt: null });
    expect(ended.endedAt).not.toBeNull();
    expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]?.rule).toBe('unprotected');
    expect(await holder.refused('lease.renew', { leaseId: lease.id })).toMatchObject({
      code: 1102,
      data: { state: 'expired' },
    });
    expect(await holder.refused('lease.release', { leaseId: lease.id })).toMatchObject({ code: 1102 });
  });

  it('is renewed by a heartbeat, and by any other message on the connection that holds it', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    await using holder = await omnid.connect();
    const { id } = await holder.call('lease.register', { pid: sleeper.pid, ttlMs: 60_000 });
    const expiryMs = async (): Promise<number> => Date.parse((await wire.call('lease.get', { leaseId: id })).expiresAt ?? '');
    const messages = [
      { jsonrpc: '2.0', id: 'm', method: 'lease.renew', params: { leaseId: id } },
      { jsonrpc: '2.0', id: 'm', method: 'server.status' },
      { jsonrpc: '2.0', method: 'server.status' },
      { jsonrpc: '2.0', id: 'm', method: 'nothing' },
      { nonsense: true },
      [],
    ];
    for (const message of messages) {
      const before = await expiryMs();
      await until(() => Date.now() + 60_000 > before + 20);
      holder.sendMessage(message);
      await until(async () => (await expiryMs()) > before);
    }
    // The same on a connection that does not hold it changes nothing.
    const before = await expiryMs();
    await until(() => Date.now() + 60_000 > before + 20);
    expect(await expiryMs()).toBeLessThanOrEqual(before + 1);
    await holder.call('lease.renew', { leaseId: id, ttlMs: 120_000 });
    expect(await expiryMs()).toBeGreaterThan(before + 59_000);
    expect(await holder.refused('lease.renew', { leaseId: id, ttlMs: 99 })).toMatchObject({ code: 1104 });
  });

  it('is no longer renewed by a connection that is closed', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    await wire.call('history.subscribe', { outcome: 'expired' });
    const holder = await omnid.connect();
    const lease = await holder.call('lease.register', { pid: sleeper.pid, ttlMs: 200 });
    holder.destroy();
    expect((await wire.told('history.event')).event.leaseId).toBe(lease.id);
  });

  it('warns subscribers when a tenth of maxMs is left, and then ends, heartbeat or not', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    const { subscriptionId } = await wire.call('protection.subscribe', {});
    await using holder = await omnid.connect();
    const lease = await holder.call('lease.register', { pid: sleeper.pid, ttlMs: 60_000, maxMs: 3000 });
    await holder.call('lease.renew', { leaseId: lease.id });
    // The warning is told before the end: what waits for the end would not see it after.
    const warning = await wire.told('lease.expiring');
    expect(warning).toMatchObject({ subscriptionId, leaseId: lease.id });
    await wire.told('protection.changed', ({ removed }) => removed[0]?.pid === sleeper.pid);
    expect((await wire.call('lease.get', { leaseId: lease.id })).state).toBe('expired');
  });

  it('ends with its process, seen by its pidfd', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await wire.call('history.subscribe', { source: 'lease' });
    const before = countPidfds(omnid.pid);
    const sleeper = await startSleeper();
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    await sleeper.kill();
    const { event } = await wire.told('history.event', (told) => told.event.outcome === 'exited');
    expect(event).toMatchObject({ leaseId: lease.id, target: { pid: sleeper.pid, startTicks: lease.identity.startTicks } });
    expect(await wire.call('lease.get', { leaseId: lease.id })).toMatchObject({ state: 'exited', rootAlive: false });
    await until(() => countPidfds(omnid.pid) === before);
    expect(await wire.refused('lease.register', { pid: sleeper.pid })).toMatchObject({ code: 1001 });
  });

  it('ends with a process that nobody reaps: a zombie has exited', async () => {
    await using served = await serve();
    // The shell has become cat, which reaps nobody.
    await using parent = runScript('cat <&3 >/dev/null & echo $!; exec cat <&3');
    const child = Number(await parent.line());
    const { wire } = served;
    await wire.call('history.subscribe', { source: 'lease' });
    const { identity } = await wire.call('lease.register', { pid: child });
    await until(() => readFileSync(`/proc/${String(parent.pid)}/comm`, 'utf8') === 'cat\n');
    killMember(child, identity.startTicks);
    expect((await wire.told('history.event', ({ event }) => event.outcome !== 'granted')).event.outcome).toBe('exited');
    expect(startTicksOf(child)).toBe(identity.startTicks);
    expect(await wire.refused('lease.register', { pid: child })).toMatchObject({ code: 1001 });
  });

  it('is released by its id and by the pid of a member, once', async () => {
    await using served = await serve();
    await using tree = runScript('cat <&3 >/dev/null & echo $!; wait');
    const { wire } = served;
    const child = Number(await tree.line());
    const first = await wire.call('lease.register', { pid: tree.pid });
    expect(await wire.call('lease.release', { leaseId: first.id })).toMatchObject({
      id: first.id,
      state: 'released',
      members: 0,
    });
    expect(await wire.refused('lease.release', { leaseId: first.id })).toMatchObject({
      code: 1102,
      data: { state: 'released' },
    });
    const second = await wire.call('lease.register', { pid: tree.pid });
    expect(await wire.call('lease.release', { pid: child })).toMatchObject({ id: second.id, state: 'released' });
    expect(await wire.refused('lease.release', { pid: child })).toMatchObject({ code: 1101 });
    expect(await wire.refused('lease.release', { pid: noPid })).toMatchObject({ code: 1101 });
    expect(await wire.refused('lease.release', {})).toMatchObject({ code: -32602 });
    expect(await wire.refused('lease.release', { pid: child, leaseId: second.id })).toMatchObject({ code: -32602 });
    const outcomes = (await wire.call('history.query', { order: 'oldest' })).events.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['granted', 'released', 'granted', 'released']);
  });

  it('is released once where many ask at the same time', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    const released = await Promise.all(Array.from({ length: 8 }, () => wire.call('lease.release', { leaseId: lease.id })));
    for (const { state } of released) expect(state).toBe('released');
    const { events } = await wire.call('history.query', { leaseId: lease.id });
    expect(events.map(({ outcome }) => outcome)).toEqual(['released', 'granted']);
  });

  it('holds for a registration that comes while the one before is being released', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    for (let round = 0; round < 30; round += 1) {
      const { id } = await wire.call('lease.register', { pid: sleeper.pid });
      // Both requests reach the server in one piece: the second is begun before the first is on the disk.
      const released = wire.call('lease.release', { leaseId: id });
      const registered = wire.call('lease.register', { pid: sleeper.pid });
      expect((await released).state).toBe('released');
      const lease = await registered;
      expect(lease.state).toBe('active');
      expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({
        allow: false,
        leaseId: lease.id,
      });
    }
  });

  it('has one end, also where its process exits while it is released', async () => {
    await using served = await serve();
    const { wire } = served;
    for (let round = 0; round < 20; round += 1) {
      const sleeper = await startSleeper();
      const { id } = await wire.call('lease.register', { pid: sleeper.pid });
      const released = wire.ask('lease.release', { leaseId: id });
      await sleeper.kill();
      await released;
      const { state } = await until(async () => {
        const lease = await wire.call('lease.get', { leaseId: id });
        return lease.state !== 'active' && lease;
      });
      await wire.call('lease.register', { label: 'a turn of the disk' });
      const { events } = await wire.call('history.query', { leaseId: id });
      expect(events.map(({ outcome }) => outcome)).toEqual([state, 'granted']);
    }
  });

  it("is nobody else's to register: another owner is told so", async () => {
    await using served = await serve();
    await using relay = await startRelay(served.omnid.socket);
    // The same uid on another connection is the same owner.
    const lease = await relay.wire.call('lease.register', {});
    expect(lease.identity.pid).toBe(relay.pid);
    expect((await served.wire.call('lease.register', { pid: relay.pid })).id).toBe(lease.id);
  });
});
