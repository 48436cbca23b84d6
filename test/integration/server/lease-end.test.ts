import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { countPidfds } from '#test/support/server/inspect.ts';
import { killMember, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

describe('the end of a lease', () => {
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
});
