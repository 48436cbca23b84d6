import type { Database } from 'better-sqlite3';
import type { Caller } from '#core/rights.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { HistoryQueryParams } from '#protocol/history.ts';
import { eventColumns, type EventRow } from './event-rows.ts';
import { eventText } from './event-text.ts';

/**
 * Ids that one statement looks at, at most: a filter that matches little must not hold up the loop. Without an index each
 * row is read, a microsecond or two each; with one the ids in between cost nothing.
 */
const windowRows = 4000;
const indexedWindowRows = 50_000;

type Value = string | number;

interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

/**
 * Finds events. The table is walked by id in windows, and the loop is left between two of them.
 *
 * @param params as they came over the wire, validated
 * @param reader who asks: what is redacted for him is redacted before anything else sees it
 * @returns a HistoryPage as JSON text; short of `limit` where the page is full or nothing more matches
 * @throws ProtocolError invalidParams for a cursor that is not ours
 */
export async function queryEvents(database: Database, params: HistoryQueryParams, reader: Caller): Promise<string> {
  const newestFirst = isNewestFirst(params);
  const limit = params.limit ?? bounds.pageRowsDefault;
  const size = hasIndex(params) ? indexedWindowRows : windowRows;
  const select = prepare(database, params);
  let range = idRange(database, params);
  let events = '';
  let count = 0;
  let lengthBytes = 0;
  let lastId = 0;
  for (let window = firstWindow(range, size, newestFirst); window !== undefined;) {
    for (const row of select(window, limit - count)) {
      const text = eventText(row, reader);
      const textBytes = Buffer.byteLength(text) + 1;
      if (count > 0 && lengthBytes + textBytes > bounds.pageBytesMax) return page(events, lastId);
      events += count === 0 ? text : `,${text}`;
      count += 1;
      lengthBytes += textBytes;
      lastId = row.id;
      if (count === limit) return page(events, lastId);
    }
    await turn();
    // Only a walk that has not found enough at once needs to know where it may end.
    if (newestFirst && range.to === window.to) range = fromOldest(database, params, range);
    window = nextWindow(range, window, size, newestFirst);
  }
  return page(events, undefined);
}

function isNewestFirst(params: HistoryQueryParams): boolean {
  return (params.order ?? 'newest') === 'newest';
}

/** Does an index lead to the rows of a filter, in the order of their ids? */
function hasIndex({ signal, pid, sender, target, leaseId }: HistoryQueryParams): boolean {
  const byNumber = [signal, pid, sender, target].some((value) => typeof value === 'number');
  return byNumber || leaseId !== undefined;
}

function page(events: string, lastId: number | undefined): string {
  return `{"events":[${events}],"nextCursor":${lastId === undefined ? 'null' : `"${String(lastId)}"`}}`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function idRange(database: Database, params: HistoryQueryParams): Range {
  // Asked in one SELECT, SQLite would look at every row for the two of them.
  const ends = database
    .prepare<[], { low: number | null; high: number | null }>(
      'SELECT (SELECT min(id) FROM event) AS low, (SELECT max(id) FROM event) AS high',
    )
    .get();
  const range = { from: ends?.low ?? 1, to: ends?.high ?? 0 };
  if (params.cursor === undefined) return isNewestFirst(params) ? range : fromOldest(database, params, range);
  const at = readCursor(params.cursor);
  if (isNewestFirst(params)) return { ...range, to: Math.min(range.to, at - 1) };
  return { ...range, from: Math.max(range.from, at + 1) };
}

/** Leaves out the ids below the first that is young enough: the wall clock may have been set back, so all are asked. */
function fromOldest(database: Database, params: HistoryQueryParams, range: Range): Range {
  if (params.since === undefined) return range;
  // The plus keeps SQLite from walking the table by id instead of the index of times.
  const first = database
    .prepare<[number], { id: number | null }>('SELECT min(+id) AS id FROM event WHERE first_at >= ?')
    .get(Date.parse(params.since));
  return { ...range, from: Math.max(range.from, first?.id ?? Infinity) };
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new ProtocolError('invalidParams', 'cursor is not one that history.query gave: pass nextCursor on as it is');
}

function firstWindow(range: Range, size: number, newestFirst: boolean): Range | undefined {
  if (range.from > range.to) return undefined;
  if (newestFirst) return { from: Math.max(range.from, range.to - size + 1), to: range.to };
  return { from: range.from, to: Math.min(range.to, range.from + size - 1) };
}

function nextWindow(range: Range, window: Range, size: number, newestFirst: boolean): Range | undefined {
  if (newestFirst) return firstWindow({ from: range.from, to: window.from - 1 }, size, true);
  return firstWindow({ from: window.to + 1, to: range.to }, size, false);
}

/** @returns what reads the rows of a window, one by one: a page is often full before its limit */
function prepare(database: Database, params: HistoryQueryParams): (window: Range, limit: number) => IterableIterator<EventRow> {
  const { sql, values } = conditionOf(params);
  const order = isNewestFirst(params) ? 'DESC' : 'ASC';
  const statement = database.prepare<Value[], EventRow>(
    `SELECT ${eventColumns} FROM event WHERE id BETWEEN ? AND ?${sql} ORDER BY id ${order} LIMIT ?`,
  );
  return (window, limit) => statement.iterate(window.from, window.to, ...values, limit);
}

function conditionOf(params: HistoryQueryParams): Condition {
  const parts: string[] = [];
  const values: Value[] = [];
  const add = (sql: string, ...value: Value[]): void => {
    parts.push(` AND ${sql}`);
    values.push(...value);
  };
  if (params.signal !== undefined) add('signal = ?', params.signal);
  if (params.pid !== undefined) add('(target_pid = ? OR sender_pid = ?)', params.pid, params.pid);
  if (params.sender !== undefined) add(typeof params.sender === 'number' ? 'sender_pid = ?' : 'sender_comm = ?', params.sender);
  if (params.target !== undefined) add(typeof params.target === 'number' ? 'target_pid = ?' : 'target_comm = ?', params.target);
  if (params.leaseId !== undefined) add('lease_id = ?', params.leaseId);
  if (params.outcome !== undefined) add('outcome = ?', params.outcome);
  if (params.source !== undefined) add('source = ?', params.source);
  if (params.since !== undefined) add('first_at >= ?', Date.parse(params.since));
  if (params.until !== undefined) add('first_at < ?', Date.parse(params.until));
  return { sql: parts.join(''), values };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
