export type FormatName = 'table' | 'json' | 'ndjson' | 'csv';

/** The words of --format. */
export const formatNames: readonly FormatName[] = ['table', 'json', 'ndjson', 'csv'];

/**
 * How rows become text. A row comes as the JSON of a SignalEvent, and some formats need no more of it. A batch at a time:
 * it may come from a stream that has no end.
 */
export interface RowFormat {
  /** Before the first row, and where there is none but the format is a document. */
  readonly start: string;
  /** After the last row. */
  readonly end: string;
  /** Whether `start` and `end` are printed where nothing matches: an empty document is one. */
  readonly isDocument: boolean;
  /** Emits the text of rows, ready to print, in pieces that are as small as they come. */
  rows(rows: readonly string[], emit: (text: string) => void): void;
}
