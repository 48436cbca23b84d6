import { escapeText } from './escape.ts';

/** What most cells are: nothing to escape, to quote or to disarm. One test, for an export has twenty million of them. */
const plain = /^(?![=+\-@])[ !#-+\--[\]-~]*$/;

/** Spreadsheets take a cell that begins so for a formula, wide forms too. */
const formula = /^[=+\-@＝＋－＠]/;
const needsQuotes = /[",]/;

/**
 * One cell of text: RFC 4180, always on one line, and never a formula.
 *
 * Control characters are escaped as in tables. A text that a spreadsheet would calculate (a process may call itself
 * `=cmd|…`, and `-bash` is common) gets an apostrophe before it, as OWASP advises. Who needs the exact text takes ndjson.
 */
export function csvText(text: string): string {
  if (plain.test(text)) return text;
  let cell = escapeText(text);
  if (formula.test(cell)) cell = `'${cell}`;
  return needsQuotes.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** One cell of any kind: numbers and words of our own as they are, nothing for what is absent. */
export function csvCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? csvText(value) : String(value);
}

/** Ends each row (RFC 4180). */
export const csvRowEnd = '\r\n';
