import { describe, expect, it } from 'vitest';
import type { HistoryQueryParams } from '#protocol/history.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import type { Wire } from '#test/support/server/wire.ts';

async function ids(wire: Wire, params: HistoryQueryParams): Promise<number[]> {
  const found: number[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await wire.call('history.query', { ...params, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.events.length).toBeLessThanOrEqual(2);
    found.push(...page.events.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return found;
}

describe('history over the wire', () => {
  it('finds events by each filter, in both orders, page by page', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using killer = await startRelay(omnid.socket);
    await using first = await startSleeper();
    await using second = await startSleeper();
    const one = await wire.call('lease.register', { pid: first.pid }); // 1 granted
    const two = await wire.call('lease.register', { pid: second.pid, forbiddenSignals: [9] }); // 2 granted
    await killer.wire.call('process.terminate', { pid: first.pid, signal: 9 }); // 3 denied
    await killer.wire.call('process.terminate', { pid: second.pid, signal: 10, escalate: false, graceMs: 5000 }); // 4 delivered: USR1 ends cat
    await wire.call('lease.release', { leaseId: one.id }); // beside the exit of the second process, and the end of its lease
    const all = await ids(wire, { order: 'oldest' });
    const { events } = await wire.call('history.query', { order: 'oldest' });
    const where = (outcome: string, source: string): number[] =>
      events.filter((event) => event.outcome === outcome && event.source === source).map(({ id }) => id);
    // Before Linux 6.15 it cannot always be told how a process ended.
    const exit = where('exited', 'pidfd');
    expect(all).toEqual([1, 2, 3, 4, 5, 6, 7].slice(0, 6 + exit.length));
    expect(await ids(wire, {})).toEqual(all.toReversed());
    expect(await ids(wire, { signal: 9 })).toEqual([3]);
    expect(await ids(wire, { signal: 10, order: 'oldest' })).toEqual([4, ...exit]);
    expect(await ids(wire, { source: 'pidfd' })).toEqual(exit);
    expect(await ids(wire, { outcome: 'granted' })).toEqual([2, 1]);
    expect(await ids(wire, { outcome: 'denied' })).toEqual([3]);
    expect(await ids(wire, { source: 'mediated' })).toEqual([4, 3]);
    expect(await ids(wire, { sender: killer.pid })).toEqual([4, 3]);
    expect(await ids(wire, { target: first.pid, order: 'oldest' })).toEqual([1, 3, ...where('released', 'lease')]);
    expect(await ids(wire, { pid: killer.pid })).toEqual([4, 3]);
    expect(await ids(wire, { target: 'cat', source: 'mediated' })).toEqual([4, 3]);
    expect(await ids(wire, { target: 'ca' })).toEqual([]);
    expect(await ids(wire, { leaseId: two.id, order: 'oldest' })).toEqual([
      2,
      ...[...exit, ...where('exited', 'lease')].toSorted((a, b) => a - b),
    ]);
    expect(await ids(wire, { source: 'lease', outcome: 'exited', target: second.pid })).toEqual(where('exited', 'lease'));
    const third = events[2]?.firstAt ?? '';
    expect((await ids(wire, { since: third })).at(-1)).toBeLessThanOrEqual(3);
    expect(await ids(wire, { until: events[0]?.firstAt ?? '' })).toEqual([]);
    expect(await ids(wire, { since: '2100-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await ids(wire, { until: '2100-01-01T00:00:00.000Z' })).toEqual(all.toReversed());
    expect(await wire.refused('history.query', { cursor: 'next' })).toMatchObject({ code: -32602 });
    expect(await wire.refused('history.query', { since: 'yesterday' })).toMatchObject({ code: -32602 });
  });

  it('tells subscribers of what they asked for, and of nothing else', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using first = await startSleeper();
    await using second = await startSleeper();
    await using denials = await omnid.connect();
    await using leases = await omnid.connect();
    await using killer = await startRelay(omnid.socket);
    await denials.call('history.subscribe', { outcome: 'denied', target: first.pid });
    const { subscriptionId } = await leases.call('history.subscribe', { source: 'lease' });
    await wire.call('lease.register', { pid: first.pid });
    await wire.call('lease.register', { pid: second.pid });
    await killer.wire.call('process.terminate', { pid: second.pid });
    await killer.wire.call('process.terminate', { pid: first.pid });
    const { event } = await denials.told('history.event');
    expect(event).toMatchObject({ outcome: 'denied', target: { pid: first.pid }, sender: { pid: killer.pid } });
    for (const sleeper of [first, second]) {
      const told = await leases.told('history.event');
      expect(told).toMatchObject({ subscriptionId, event: { outcome: 'granted', target: { pid: sleeper.pid } } });
    }
    await leases.call('history.unsubscribe', { subscriptionId });
    await wire.call('lease.release', { pid: first.pid });
    await leases.call('server.status', {});
    expect(denials.arrivals()).toEqual([]);
    expect(leases.arrivals()).toEqual([]);
  });
});
