import { displayWidth } from './width.ts';

/** Not between a number and its unit. */
const betweenWords = / (?!%|[KMGTP]?i?B\b)/;

/**
 * Breaks a text at spaces, each line with an indent.
 *
 * @param width of the terminal; undefined: not a terminal, one line
 */
export function wrap(text: string, width: number | undefined, indent: string): readonly string[] {
  if (width === undefined) return [indent + text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(betweenWords)) {
    if (line !== '' && displayWidth(`${indent}${line} ${word}`) > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}
