import { expect, it } from 'vitest';
import type { HistoryPage } from '#protocol/history.ts';
import { serverEvent } from '#server/store/server-event.ts';
import { Store } from '#server/store/store.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { until } from '#test/support/server/until.ts';

const root = { uid: 0, isRoot: true };

/** SQLite's own bound: it answers as on a full disk. */
function fill(store: Store): void {
  const pages = store.database.pragma('page_count', { simple: true }) as number;
  store.database.pragma(`max_page_count = ${String(pages)}`);
}

function makeRoom(store: Store): void {
  store.database.pragma('max_page_count = 1000000');
}

async function query(store: Store, params: Parameters<Store['query']>[0]): Promise<HistoryPage['events']> {
  return (JSON.parse(await store.query(params, root)) as HistoryPage).events;
}

/** Rows that are too large for what room the pages have left. */
function large(text: string): ReturnType<typeof serverEvent> {
  return serverEvent('pruned', 1, text + 'x'.repeat(8192));
}

it('writes what the database did not take once it takes it again, in the order in which it came', async () => {
  await using folder = await makeFolder();
  const store = new Store(folder.file('omnid.db'));
  fill(store);
  await expect(store.record(large('lost'))).rejects.toMatchObject({ kind: 'storeUnavailable' });
  for (let index = 0; index < 1200; index += 1) store.recordLater(large(`${String(index)} `));
  await until(() => store.failure !== undefined);
  expect(await query(store, {})).toEqual([]);
  expect(store.eventCount).toBe(0);
  makeRoom(store);
  // Nobody writes or asks: it is tried by itself.
  await until(() => store.eventCount === 1200);
  const events = [];
  for (let cursor: string | undefined; events.length < 1200; cursor = String(events.at(-1)?.id)) {
    events.push(...(await query(store, { order: 'oldest', limit: 1000, ...(cursor === undefined ? {} : { cursor }) })));
  }
  expect(events.map(({ reason }) => reason?.split(' ')[0])).toEqual(Array.from({ length: 1200 }, (_, index) => String(index)));
  expect(store.droppedCount).toBe(0);
  expect(await store.close()).toBe(0);
});

it('counts what it could not keep, and says so in a row', async () => {
  await using folder = await makeFolder();
  const store = new Store(folder.file('omnid.db'));
  fill(store);
  let unneeded = 0;
  for (let index = 0; index < 100; index += 1)
    store.writeLater(() => (unneeded += store.insertEvent(large('unneeded'))), { isNeeded: () => false });
  for (let index = 0; index < 10_007; index += 1) {
    store.recordLater(large(`${String(index)} `));
    // One transaction each: what is kept is bounded however it fails.
    if (index % 1000 === 0) await until(() => store.failure !== undefined);
  }
  await until(() => store.droppedCount === 7);
  const told: string[] = [];
  store.listen((row) => told.push(row.outcome));
  makeRoom(store);
  const [dropped] = await until(async () => {
    const found = await query(store, { outcome: 'dropped' });
    return found.length > 0 && found;
  });
  expect(dropped).toMatchObject({ source: 'server', outcome: 'dropped', count: 7 });
  expect(dropped?.reason).toMatch(/^rows were lost since \d{4}-.*Z: the database could not be written$/);
  expect(store.eventCount).toBe(10_001);
  await until(() => told.includes('dropped'));
  expect(await store.close()).toBe(0);
});

it('says how many rows are lost, where it is closed before the database takes them', async () => {
  await using folder = await makeFolder();
  const store = new Store(folder.file('omnid.db'));
  fill(store);
  for (let index = 0; index < 5; index += 1) store.recordLater(large('lost'));
  expect(await store.close()).toBe(5);
});
