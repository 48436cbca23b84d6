import { bounds } from '#protocol/bounds.ts';
import type { HistoryPage, HistoryQueryParams, SignalEvent } from '#protocol/history.ts';

/** Asks for a page of the history. */
export type AskHistory = (params: HistoryQueryParams) => Promise<HistoryPage>;

/** Where to stop on the way back. */
export interface Reach {
  /** Rows at most. */
  readonly rows?: number;
  /** No row below this id. */
  readonly fromId?: number;
}

/**
 * The newest rows that match, but the oldest of them first. Where they are more than a page, the way back is walked twice,
 * and only the cursors of its pages are held.
 *
 * @param reach how far back
 */
export async function* newestRowsInOrder(
  ask: AskHistory,
  params: HistoryQueryParams,
  { rows = Number.MAX_SAFE_INTEGER, fromId = 0 }: Reach,
): AsyncGenerator<readonly SignalEvent[], void, undefined> {
  const first = await query(ask, params, rows, undefined);
  const later: { readonly cursor: string; readonly left: number }[] = [];
  let page = first;
  let left = rows - first.events.length;
  while (page.nextCursor !== null && left > 0 && (page.events.at(-1)?.id ?? 0) > fromId) {
    later.push({ cursor: page.nextCursor, left });
    page = await query(ask, params, left, page.nextCursor);
    left -= page.events.length;
  }
  for (const { cursor, left: limit } of later.toReversed()) {
    // The last one is still there; the first too, for rows that came since have moved it.
    const isLast = cursor === later.at(-1)?.cursor;
    yield inOrder(isLast ? page : await query(ask, params, limit, cursor), fromId);
  }
  yield inOrder(first, fromId);
}

function query(ask: AskHistory, params: HistoryQueryParams, rows: number, cursor: string | undefined): Promise<HistoryPage> {
  const limit = Math.min(rows, bounds.pageRowsMax);
  return ask({ ...params, order: 'newest', limit, ...(cursor === undefined ? {} : { cursor }) });
}

function inOrder({ events }: HistoryPage, fromId: number): readonly SignalEvent[] {
  return events.filter(({ id }) => id >= fromId).toReversed();
}
