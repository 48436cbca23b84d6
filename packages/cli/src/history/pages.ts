import { bounds } from '#protocol/bounds.ts';
import type { HistoryPage, HistoryQueryParams, SignalEvent } from '#protocol/history.ts';
import { protocolVersion } from '#protocol/version.ts';
import { AnswerLines, readAnswer } from '../answer-lines.ts';

/**
 * Reads rows a page at a time. The next page is asked for before the last one is even parsed, so that the server makes it
 * meanwhile: both are busy, and only two pages are held.
 *
 * @param socket this one alone; undefined: as every client looks for one
 * @param params what to look for
 * @param limit rows at most; undefined: all
 * @throws as connect and Client.call
 */
export async function* readPages(
  socket: string | undefined,
  params: HistoryQueryParams,
  limit: number | undefined,
): AsyncGenerator<readonly SignalEvent[], void, undefined> {
  using lines = await AnswerLines.connect(socket);
  lines.send({ id: 0, method: 'server.info', params: { protocolVersion } });
  let left = limit ?? Number.MAX_SAFE_INTEGER;
  const ask = (cursor?: string): void => {
    const page = { ...params, limit: Math.min(left, bounds.pageRowsMax), ...(cursor === undefined ? {} : { cursor }) };
    lines.send({ id: 1, method: 'history.query', params: page });
  };
  ask();
  readAnswer(await lines.next());
  for (let isOver = false; !isOver;) {
    const line = await lines.next();
    // Only where another page is needed whatever is on this one.
    const early = left > bounds.pageRowsMax ? earlyCursor(line) : undefined;
    if (early !== undefined) ask(early);
    const { events, nextCursor } = readAnswer(line).result as HistoryPage;
    left -= events.length;
    isOver = nextCursor === null || left <= 0;
    if (!isOver && early === undefined) ask(nextCursor ?? undefined);
    if (events.length > 0) yield events;
  }
}

/** The last member of `result`, which is the last member of the answer: nothing else in JSON can look like it there. */
const lastMember = /,"nextCursor":"((?:[^"\\]|\\.)*)"\}\}$/;
const tailChars = 512;

/**
 * Finds the next page's cursor at the end of an answer, without parsing all that is before it.
 *
 * @returns undefined where it does not stand there: then only parsing tells
 */
export function earlyCursor(line: string): string | undefined {
  const cursor = lastMember.exec(line.slice(-tailChars))?.[1];
  return cursor === undefined ? undefined : (JSON.parse(`"${cursor}"`) as string);
}
