import { escapeJson } from '../output/escape.ts';
import type { RowFormat } from './format.ts';

/**
 * Rows as JSON, one a line: exact, whatever a process calls itself.
 *
 * @param forTerminal write characters that a terminal may act on as escapes: the same JSON, and safe to look at
 */
export function ndjsonFormat(forTerminal: boolean): RowFormat {
  return {
    start: '',
    end: '',
    isDocument: false,
    rows: (rows, emit) => {
      for (const row of rows) emit(`${forTerminal ? escapeJson(row) : row}\n`);
    },
  };
}

/** Rows as one JSON array, a row a line, however many there are. */
export function jsonFormat(forTerminal: boolean): RowFormat {
  let isFirst = true;
  return {
    start: '[',
    end: '\n]\n',
    isDocument: true,
    rows: (rows, emit) => {
      for (const row of rows) {
        emit(`${isFirst ? '' : ','}\n${forTerminal ? escapeJson(row) : row}`);
        isFirst = false;
      }
    },
  };
}
