import type { HistoryQueryParams } from '#protocol/history.ts';
import { protocolVersion } from '#protocol/version.ts';
import { AnswerLines, readAnswer } from '../answer-lines.ts';
import { readPageText } from './page-text.ts';

/** Less than the protocol allows: pages are what an export holds in memory, and larger ones save little. */
const pageRows = 700;

/**
 * Reads rows a page at a time, as JSON text. The next page is asked for before the last one is looked at, so that the
 * server makes it meanwhile: both are busy, and only two pages are held.
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
): AsyncGenerator<readonly string[], void, undefined> {
  using lines = await AnswerLines.connect(socket);
  let left = limit ?? Number.MAX_SAFE_INTEGER;
  const ask = (cursor: object): void => {
    const page = { ...params, ...cursor, limit: Math.min(left, pageRows) };
    lines.send({ id: 1, method: 'history.query', params: page });
  };
  lines.send({ id: 0, method: 'server.info', params: { protocolVersion } });
  ask({});
  readAnswer(await lines.next());
  for (let isOver = false; !isOver;) {
    const { rows, nextCursor } = readPageText(await lines.next());
    left -= rows.length;
    isOver = nextCursor === null || left <= 0;
    if (!isOver) ask({ cursor: nextCursor });
    if (rows.length > 0) yield rows;
  }
}
