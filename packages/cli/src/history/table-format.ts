import type { SignalEvent } from '#protocol/history.ts';
import { escapeText } from '../output/escape.ts';
import { outcomeWords, processWords, senderWords } from '../output/event-words.ts';
import { layOutRow, shrink, type Column } from '../output/table.ts';
import { formatTime } from '../output/units.ts';
import { displayWidth } from '../output/width.ts';
import type { RowFormat } from './format.ts';

interface EventColumn extends Column {
  /** Room for what may come later in a stream. */
  readonly widthMin: number;
  cell(event: SignalEvent): string;
}

const columns: readonly EventColumn[] = [
  { title: 'TIME', widthMin: 23, cell: (event) => formatTime(event.firstAt) },
  { title: 'SIGNAL', widthMin: 7, cell: (event) => event.signalName ?? '-' },
  { title: 'BY', widthMin: 14, shrinkTo: 8, cell: senderWords },
  { title: 'TARGET', widthMin: 14, shrinkTo: 8, cell: (event) => processWords(event.target) },
  { title: 'OUTCOME', widthMin: 9, shrinkTo: 9, cell: countedOutcome },
  { title: 'LEASE', widthMin: 5, shrinkTo: 5, cell: (event) => event.leaseId ?? '-' },
  { title: 'REASON', widthMin: 6, shrinkTo: 6, cell: (event) => escapeText(event.reason ?? '') },
];

function countedOutcome(event: SignalEvent): string {
  const words = outcomeWords(event);
  return event.count === 1 ? words : `${words} ×${String(event.count)}`;
}

/**
 * Rows as a table for people. The first batch decides how wide the columns are: a later cell that is longer is cut on a
 * terminal, and moves its row's rest to the right elsewhere.
 *
 * @param width of the terminal; undefined: not a terminal, nothing is cut
 */
export function tableFormat(width: number | undefined): RowFormat {
  let widths: readonly number[] | undefined;
  return {
    start: '',
    end: '',
    isDocument: false,
    rows: (texts, emit) => {
      const rows = texts.map((text) => rowOf(JSON.parse(text) as SignalEvent));
      const isFirst = widths === undefined;
      widths ??= widthsOf(rows, width);
      const titles = isFirst ? [columns.map((column) => column.title)] : [];
      for (const row of [...titles, ...rows]) emit(`${layOutRow(columns, widths, row, width)}\n`);
    },
  };
}

function rowOf(event: SignalEvent): readonly string[] {
  return columns.map((column) => column.cell(event));
}

function widthsOf(rows: readonly (readonly string[])[], width: number | undefined): readonly number[] {
  const natural = columns.map(({ widthMin }, index) =>
    Math.max(widthMin, ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  return width === undefined ? natural : shrink(columns, natural, width);
}
