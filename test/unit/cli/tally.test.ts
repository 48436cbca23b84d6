import { expect, test } from 'vitest';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { Tally } from '#cli/trace/tally.ts';

const context = {
  memAvailableBytes: 1,
  memTotalBytes: 2,
  swapFreeBytes: null,
  psiMemorySomeAvg10: null,
  psiMemoryFullAvg10: null,
};

function ref(pid: number): ProcessRef {
  return { pid, startTicks: '1', uid: 0, comm: `p${String(pid)}`, ancestry: [] };
}

function row(id: number, more: Partial<SignalEvent> = {}): SignalEvent {
  const at = `2026-11-24T08:00:0${String(id)}.000Z`;
  return {
    id,
    firstAt: at,
    lastAt: at,
    monotonicNs: '1',
    source: 'sentinel',
    signal: 9,
    signalName: 'SIGKILL',
    code: 'user',
    outcome: 'delivered',
    count: 1,
    sender: ref(10),
    target: ref(20),
    context,
    ...more,
  };
}

function tallyOf(...rows: readonly SignalEvent[]): Tally {
  const tally = new Tally();
  for (const one of rows) tally.add(one);
  return tally;
}

test('how many, from whom, to whom; the most frequent first', () => {
  const tally = tallyOf(row(1), row(2, { signal: 15, count: 3, sender: ref(11) }), row(3, { target: ref(21) }));
  expect(tally.total).toBe(5);
  expect(tally.signals).toMatchObject([
    { signal: 15, count: 3, refused: 0 },
    { signal: 9, count: 2, firstAt: '2026-11-24T08:00:01.000Z', lastAt: '2026-11-24T08:00:03.000Z' },
  ]);
  expect(tally.senders.map(({ process, count }) => [process?.pid, count])).toEqual([
    [11, 3],
    [10, 2],
  ]);
  expect(tally.targets.map(({ process, count }) => [process?.pid, count])).toEqual([
    [20, 4],
    [21, 1],
  ]);
});

test('a row that is told again counts with what it is then', () => {
  const tally = tallyOf(row(1, { count: 2 }), row(1, { count: 500, lastAt: '2026-11-24T08:00:09.000Z' }));
  expect(tally.signals).toMatchObject([{ count: 500, lastAt: '2026-11-24T08:00:09.000Z' }]);
  expect(tally.senders).toMatchObject([{ count: 500 }]);
});

test('a kill through the server counts for who asked, once it was sent; a refused one as refused', () => {
  const mediated = { source: 'mediated', requester: ref(30), sender: ref(1) } as const;
  const tally = tallyOf(
    row(1, { ...mediated, outcome: 'intended' }),
    row(1, { ...mediated }),
    row(2, { ...mediated, outcome: 'denied' }),
  );
  expect(tally.signals).toMatchObject([{ count: 2, refused: 1 }]);
  expect(tally.senders).toMatchObject([{ process: { pid: 30 }, count: 2, refused: 1 }]);
});

test('leases and exits are no signals; what the server lost is told apart', () => {
  const tally = tallyOf(
    row(1, { source: 'lease', signal: null, outcome: 'granted' }),
    row(2, { signal: null, outcome: 'exited' }),
    row(3, { source: 'server', signal: null, outcome: 'dropped', count: 7 }),
  );
  expect([tally.total, tally.dropped]).toEqual([0, 7]);
});

test('the machine at the last SIGKILL that came through', () => {
  const tally = tallyOf(
    row(1),
    row(2, { context: { ...context, memAvailableBytes: 5 } }),
    row(3, { outcome: 'denied', context: { ...context, memAvailableBytes: 9 } }),
    row(4, { signal: 15 }),
  );
  expect(tally.contextOfLastKill?.memAvailableBytes).toBe(5);
});
