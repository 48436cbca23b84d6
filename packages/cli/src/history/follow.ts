import { ConnectionLostError, NoServerError, type Client, type HistoryItem } from '#client/index.ts';
import type { SignalEvent } from '#protocol/history.ts';
import { filterOf, queryOf, type FilterOptions } from './filters.ts';
import { newestRowsInOrder, type AskHistory, type Reach } from './oldest-first.ts';
import { Told } from './told.ts';

/**
 * The last rows that match, then those that come, each state of a row once, without end. What was missed meanwhile (a slow
 * reader, a server that restarted) is read from the history.
 *
 * @param client one that makes lost connections again
 * @param rows how many of the last ones
 */
export async function* followRows(
  client: Client,
  options: FilterOptions,
  rows: number,
): AsyncGenerator<readonly SignalEvent[], void, undefined> {
  const told = new Told();
  const ask: AskHistory = (params) => client.call('history.query', params);
  // Before the query: what is committed between the two is told twice, and not missed.
  await using watch = await client.watchHistory(filterOf(options));
  yield* news(told, newestRowsInOrder(ask, queryOf(options), { rows }));
  let isBehind = false;
  for await (const item of watch) {
    if (item.kind === 'event' && !isBehind) {
      if (told.isNews(item.event)) yield [item.event];
      continue;
    }
    const fromId = Math.min(told.firstOpenId, firstMissedId(item));
    isBehind = !(yield* catchUp(ask, options, told, { fromId }));
  }
}

function firstMissedId(item: HistoryItem): number {
  return item.kind === 'missed' ? item.fromId : Infinity;
}

/** @returns false where the connection was lost again: the watch tells when there is another */
async function* catchUp(
  ask: AskHistory,
  options: FilterOptions,
  told: Told,
  reach: Reach,
): AsyncGenerator<readonly SignalEvent[], boolean, undefined> {
  try {
    yield* news(told, newestRowsInOrder(ask, queryOf(options), reach));
    return true;
  } catch (error) {
    if (error instanceof ConnectionLostError || error instanceof NoServerError) return false;
    throw error;
  }
}

async function* news(
  told: Told,
  batches: AsyncIterable<readonly SignalEvent[]>,
): AsyncGenerator<readonly SignalEvent[], void, undefined> {
  for await (const batch of batches) {
    const unread = batch.filter((event) => told.isNews(event));
    if (unread.length > 0) yield unread;
  }
}
