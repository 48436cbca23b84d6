import type { Client } from '#client/index.ts';
import type { HistoryQueryParams } from '#protocol/history.ts';
import type { RowFormat } from './format.ts';
import { readPages } from './pages.ts';
import type { Sink } from './sink.ts';

/**
 * Writes all rows that match, in flat memory, however many there are.
 *
 * @param limit rows at most; undefined: all
 * @returns how many rows were written
 */
export async function exportRows(
  client: Client,
  params: HistoryQueryParams,
  limit: number | undefined,
  format: RowFormat,
  sink: Sink,
): Promise<number> {
  let count = 0;
  for await (const events of readPages(client, params, limit)) {
    sink.write((count === 0 ? format.start : '') + format.rows(events));
    count += events.length;
    if (sink.closed) return count;
  }
  if (count > 0) sink.write(format.end);
  else if (format.isDocument) sink.write(format.start + format.end);
  return count;
}
