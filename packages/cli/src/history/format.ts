import type { SignalEvent } from '#protocol/history.ts';

export type FormatName = 'table' | 'json' | 'ndjson' | 'csv';

/** The words of --format. */
export const formatNames: readonly FormatName[] = ['table', 'json', 'ndjson', 'csv'];

/** Rows of a stream that are formatted at once: some 50 KB of text. */
export const streamRowsAtOnce = 64;

/** How rows become text. A batch at a time: it may come from a stream that has no end. */
export interface RowFormat {
  /** Before the first row, and where there is none but the format is a document. */
  readonly start: string;
  /** After the last row. */
  readonly end: string;
  /** Whether `start` and `end` are printed where nothing matches: an empty document is one. */
  readonly isDocument: boolean;
  /** How many rows are best formatted at once. */
  readonly rowsAtOnce: number;
  /** Text of rows, ready to print. */
  rows(events: readonly SignalEvent[]): string;
}
