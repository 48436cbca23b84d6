import type { Output } from './output.ts';

const codes = { bold: [1, 22], dim: [2, 22], inverse: [7, 27], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Style = keyof typeof codes;

/**
 * Colours a text where the output has colours. Not for table cells: the codes have no width.
 *
 * @param text escaped already
 */
export function styled(output: Output, style: Style, text: string): string {
  if (!output.color) return text;
  const [on, off] = codes[style];
  return `\u001B[${String(on)}m${text}\u001B[${String(off)}m`;
}
