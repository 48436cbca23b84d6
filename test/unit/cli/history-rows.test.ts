import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newestRowsInOrder, type AskHistory } from '#cli/history/oldest-first.ts';
import { Told } from '#cli/history/told.ts';
import type { SignalEvent } from '#protocol/history.ts';

function row(id: number, more: Partial<SignalEvent> = {}): SignalEvent {
  return {
    id,
    firstAt: '2026-11-24T08:00:00.000Z',
    lastAt: '2026-11-24T08:00:00.000Z',
    monotonicNs: '1',
    source: 'mediated',
    signal: 15,
    signalName: 'SIGTERM',
    code: null,
    outcome: 'denied',
    count: 1,
    sender: null,
    target: null,
    context: {
      memAvailableBytes: null,
      memTotalBytes: null,
      swapFreeBytes: null,
      psiMemorySomeAvg10: null,
      psiMemoryFullAvg10: null,
    },
    ...more,
  };
}

/** A history that grows with every question, as a live one does. @param pageMax rows of a page at most, whatever is asked */
function growingHistory(count: number, pageMax: number): AskHistory {
  const rows = Array.from({ length: count }, (_, index) => row(index + 1));
  return async ({ limit = pageMax, cursor }) => {
    const before = cursor === undefined ? Infinity : Number(cursor);
    const matching = rows.filter(({ id }) => id < before).toReversed();
    const events = matching.slice(0, Math.min(limit, pageMax));
    rows.push(row(rows.length + 1));
    return Promise.resolve({ events, nextCursor: events.length < matching.length ? String(events.at(-1)?.id) : null });
  };
}

async function idsOf(batches: AsyncIterable<readonly SignalEvent[]>): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const batch of batches) ids.push(...batch.map(({ id }) => id));
  return ids;
}

const upTo = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

test('the newest rows come oldest first, none twice and none left out, while the history grows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(40),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 7 }),
      async (count, rows, pageMax) => {
        const ids = await idsOf(newestRowsInOrder(growingHistory(count, pageMax), {}, { rows }));
        expect(ids).toEqual(upTo(Math.max(1, count - rows + 1), count));
      },
    ),
  );
});

test('all rows from an id on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(40),
      fc.integer({ min: 1, max: 45 }),
      fc.integer({ min: 1, max: 7 }),
      async (count, fromId, pageMax) => {
        const ids = await idsOf(newestRowsInOrder(growingHistory(count, pageMax), {}, { fromId }));
        expect(ids).toEqual(upTo(fromId, count));
      },
    ),
  );
});

test('each state of a row is told once, and no older one after a newer', () => {
  const told = new Told();
  const intended = row(5, { outcome: 'intended' });
  const delivered = row(5, { outcome: 'delivered' });
  const over = row(5, { outcome: 'delivered', termination: 'exited', lastAt: '2026-11-24T08:00:01.000Z' });
  expect(told.isNews(intended)).toBe(true);
  expect(told.isNews(intended)).toBe(false);
  expect(told.isNews(delivered)).toBe(true);
  expect(told.isNews(intended)).toBe(false);
  expect(told.isNews(over)).toBe(true);
  expect(told.isNews(delivered)).toBe(false);
  expect(told.isNews(row(6))).toBe(true);
  expect(told.isNews(row(6, { count: 2 }))).toBe(true);
  expect(told.isNews(row(6))).toBe(false);
});

test('news may be in the rows after the last one, and in a kill that was not over', () => {
  const told = new Told();
  expect(told.firstOpenId).toBe(1);
  for (const id of [7, 8, 9]) told.isNews(row(id, id === 8 ? { outcome: 'intended' } : {}));
  expect(told.firstOpenId).toBe(8);
  told.isNews(row(8, { outcome: 'delivered' }));
  expect(told.firstOpenId).toBe(10);
});

test('what is remembered is bounded, and what was forgotten is not told again', () => {
  const told = new Told();
  for (let id = 1; id <= 25_000; id += 1) told.isNews(row(id));
  expect(told.isNews(row(3))).toBe(false);
  expect(told.isNews(row(24_999))).toBe(false);
  expect(told.firstOpenId).toBe(25_001);
});
