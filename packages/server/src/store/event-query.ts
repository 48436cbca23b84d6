import type { Database } from 'better-sqlite3';
import type { Caller } from '#core/rights.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { HistoryQueryParams } from '#protocol/history.ts';
import { eventColumns, type EventRow } from './event-rows.ts';
import { eventText } from './event-text.ts';

/** Rows that one statement looks at, at most: a filter that matches little must not hold up the loop. */
const windowRows = 50_000;

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
  const newestFirst = (params.order ?? 'newest') === 'newest';
  const limit = params.limit ?? bounds.pageRowsDefault;
  const range = idRange(database, params);
  const condition = conditionOf(params);
  const texts: string[] = [];
  let lengthBytes = 0;
  let lastId = 0;
  for (let window = firstWindow(range, newestFirst); window !== undefined; window = nextWindow(range, window, newestFirst)) {
    const rows = select(database, condition, window, newestFirst, limit - texts.length);
    for (const row of rows) {
      const text = eventText(row, reader);
      if (texts.length > 0 && lengthBytes + text.length > bounds.pageBytesMax) return page(texts, lastId);
      texts.push(text);
      lengthBytes += text.length + 1;
      lastId = row.id;
      if (texts.length === limit) return page(texts, lastId);
    }
    await turn();
  }
  return page(texts, undefined);
}

function page(texts: readonly string[], lastId: number | undefined): string {
  return `{"events":[${texts.join(',')}],"nextCursor":${lastId === undefined ? 'null' : `"${String(lastId)}"`}}`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function idRange(database: Database, params: HistoryQueryParams): Range {
  const ends = database
    .prepare<[], { low: number | null; high: number | null }>('SELECT min(id) AS low, max(id) AS high FROM event')
    .get();
  let from = ends?.low ?? 1;
  let to = ends?.high ?? 0;
  if (params.since !== undefined) {
    const first = database
      .prepare<[number], { id: number | null }>('SELECT min(id) AS id FROM event WHERE first_at >= ?')
      .get(Date.parse(params.since));
    from = Math.max(from, first?.id ?? Infinity);
  }
  if (params.cursor !== undefined) {
    const at = readCursor(params.cursor);
    if ((params.order ?? 'newest') === 'newest') to = Math.min(to, at - 1);
    else from = Math.max(from, at + 1);
  }
  return { from, to };
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new ProtocolError('invalidParams', 'cursor is not one that history.query gave: pass nextCursor on as it is');
}

function firstWindow(range: Range, newestFirst: boolean): Range | undefined {
  if (range.from > range.to) return undefined;
  if (newestFirst) return { from: Math.max(range.from, range.to - windowRows + 1), to: range.to };
  return { from: range.from, to: Math.min(range.to, range.from + windowRows - 1) };
}

function nextWindow(range: Range, window: Range, newestFirst: boolean): Range | undefined {
  if (newestFirst) return firstWindow({ from: range.from, to: window.from - 1 }, true);
  return firstWindow({ from: window.to + 1, to: range.to }, false);
}

function select(database: Database, condition: Condition, window: Range, newestFirst: boolean, limit: number): EventRow[] {
  const order = newestFirst ? 'DESC' : 'ASC';
  return database
    .prepare<Value[], EventRow>(
      `SELECT ${eventColumns} FROM event WHERE id BETWEEN ? AND ?${condition.sql} ORDER BY id ${order} LIMIT ?`,
    )
    .all(window.from, window.to, ...condition.values, limit);
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
