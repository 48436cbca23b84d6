import { describe, expect, it } from 'vitest';
import { countPidfds } from '#test/support/server/inspect.ts';
import { noPid, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

describe('the grant of a lease', () => {
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

  it("is nobody else's to register: another owner is told so", async () => {
    await using served = await serve();
    await using relay = await startRelay(served.omnid.socket);
    // The same uid on another connection is the same owner.
    const lease = await relay.wire.call('lease.register', {});
    expect(lease.identity.pid).toBe(relay.pid);
    expect((await served.wire.call('lease.register', { pid: relay.pid })).id).toBe(lease.id);
  });
});
