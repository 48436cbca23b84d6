import { escapeJson } from '../output/escape.ts';
import { streamRowsAtOnce, type RowFormat } from './format.ts';

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
    rowsAtOnce: streamRowsAtOnce,
    rows: (events) => {
      let text = '';
      for (const event of events) text += `${JSON.stringify(event)}\n`;
      return forTerminal ? escapeJson(text) : text;
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
    rowsAtOnce: streamRowsAtOnce,
    rows: (events) => {
      let text = '';
      for (const event of events) {
        text += `${isFirst ? '' : ','}\n${JSON.stringify(event)}`;
        isFirst = false;
      }
      return forTerminal ? escapeJson(text) : text;
    },
  };
}
