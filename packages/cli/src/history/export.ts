import type { RowFormat } from './format.ts';
import type { Sink } from './sink.ts';
import { TextPieces } from './text-pieces.ts';

/**
 * Writes rows as they come, in flat memory, however many there are.
 *
 * @param onRows told how many there are by now
 * @param pages rows; none after the sink's reader is gone
 * @returns how many rows were written
 */
export async function exportRows(
  pages: AsyncIterable<readonly string[]>,
  format: RowFormat,
  sink: Sink,
  onRows: (count: number) => void = () => undefined,
): Promise<number> {
  const pieces = new TextPieces(sink);
  const add = (text: string): void => {
    pieces.add(text);
  };
  let count = 0;
  for await (const page of pages) {
    if (count === 0) pieces.add(format.start);
    format.rows(page, add);
    // Before the next page is waited for: a reader is not to wait for it too.
    pieces.flush();
    count += page.length;
    onRows(count);
    if (sink.closed) return count;
  }
  if (count > 0) pieces.add(format.end);
  else if (format.isDocument) pieces.add(format.start + format.end);
  pieces.flush();
  return count;
}
