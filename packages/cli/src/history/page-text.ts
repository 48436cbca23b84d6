import type { HistoryPage } from '#protocol/history.ts';
import { readAnswer } from '../answer-lines.ts';

/** A page of the history whose rows are still text: JSON of one SignalEvent each. */
export interface PageText {
  readonly rows: readonly string[];
  readonly nextCursor: string | null;
}

const head = /^\{"jsonrpc":"2\.0","id":\d+,"result":\{"events":\[/;
const tail = /\],"nextCursor":(null|"(?:[^"\\]|\\.)*")\}\}$/;
const tailChars = 512;

/**
 * Reads the answer to a history.query, and parses as little of it as it can: who copies a million rows need not parse
 * and write them again, and who looks at one after the other holds one.
 *
 * @throws ProtocolError what the server answered; ClientError where it is no answer
 */
export function readPageText(line: string): PageText {
  return splitPage(line) ?? parsePage(line);
}

function parsePage(line: string): PageText {
  const { events, nextCursor } = readAnswer(line).result as HistoryPage;
  return { rows: events.map((event) => JSON.stringify(event)), nextCursor };
}

/**
 * Cuts a page where a row ends and the next begins.
 *
 * Inside a string of JSON a quote has a backslash before it, so `},{"id":` stands between two objects of a list, the second
 * of which begins with `id`, or nowhere. That these objects are the rows is checked: each row has one `firstAt`.
 *
 * @returns undefined where the page is not written as this version of the server writes it
 */
export function splitPage(line: string): PageText | undefined {
  const start = head.exec(line)?.[0].length;
  const end = tail.exec(line.slice(-tailChars));
  if (start === undefined || end === null) return undefined;
  const body = line.slice(start, line.length - end[0].length);
  const rows = body === '' ? [] : splitRows(body);
  return rows === undefined ? undefined : { rows, nextCursor: JSON.parse(end[1] ?? 'null') as string | null };
}

const between = '},{"id":';
const firstAt = '"firstAt":';

function splitRows(body: string): readonly string[] | undefined {
  if (!body.startsWith('{"id":')) return undefined;
  const rows: string[] = [];
  for (let from = 0; ;) {
    const at = body.indexOf(between, from);
    const to = at === -1 ? body.length : at + 1;
    const mark = body.indexOf(firstAt, from);
    if (mark === -1 || mark >= to) return undefined;
    const next = body.indexOf(firstAt, mark + firstAt.length);
    if (next !== -1 && next < to) return undefined;
    rows.push(body.slice(from, to));
    if (at === -1) return rows;
    from = to + 1;
  }
}
