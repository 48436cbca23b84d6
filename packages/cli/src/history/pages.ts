import type { Client } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';
import type { HistoryPage, HistoryQueryParams, SignalEvent } from '#protocol/history.ts';

/**
 * Reads rows a page at a time. While the reader works on one page the server makes the next: both are busy, and only
 * two pages are held.
 *
 * @param params what to look for
 * @param limit rows at most; undefined: all
 */
export async function* readPages(
  client: Client,
  params: HistoryQueryParams,
  limit: number | undefined,
): AsyncGenerator<readonly SignalEvent[], void, undefined> {
  let left = limit ?? Number.MAX_SAFE_INTEGER;
  let next: Promise<HistoryPage> | undefined = query(client, params, left);
  while (next !== undefined) {
    const { events, nextCursor }: HistoryPage = await next;
    left -= events.length;
    next = nextCursor === null || left <= 0 ? undefined : query(client, { ...params, cursor: nextCursor }, left);
    // Its failure is told when it is awaited; the reader may stop before that.
    next?.catch(() => undefined);
    if (events.length > 0) yield events;
  }
}

function query(client: Client, params: HistoryQueryParams, left: number): Promise<HistoryPage> {
  return client.call('history.query', { ...params, limit: Math.min(left, bounds.pageRowsMax) });
}
