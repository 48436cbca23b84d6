import { displayWidth, pad, truncate } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** The column may be cut to this width where the terminal is too narrow; without it, it is never cut. */
  readonly shrinkTo?: number;
}

const gap = '  ';

/**
 * Lays out a table: columns as wide as their widest cell, cut where the terminal is narrower.
 *
 * @param columns titles and alignment
 * @param rows cells, escaped already, one for each column
 * @param width of the terminal; undefined: not a terminal, nothing is cut
 * @returns lines, the titles first
 */
export function layOutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): readonly string[] {
  const natural = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const widths = width === undefined ? natural : shrink(columns, natural, width);
  return [columns.map((column) => column.title), ...rows].map((row) => layOutRow(columns, widths, row, width));
}

/**
 * Lays out one row where the widths are known before the rows: a stream.
 *
 * @param widths of the columns; a longer cell pushes the others to the right where nothing is cut
 * @param width of the terminal; undefined: nothing is cut
 */
export function layOutRow(
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly string[],
  width: number | undefined,
): string {
  const cells = columns.map((column, index) => {
    const columnWidth = widths[index] ?? 0;
    const cell = row[index] ?? '';
    return pad(width === undefined ? cell : truncate(cell, Math.max(1, columnWidth)), columnWidth, column.align);
  });
  const line = cells.join(gap).trimEnd();
  return width === undefined ? line : truncate(line, width);
}

/** Takes from the widest column that may be cut, one step after the other, until the row fits or nothing is left to cut. */
export function shrink(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, each) => sum + each, 0) + gap.length * (widths.length - 1) - width;
  while (excess > 0) {
    const widest = widestToCut(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestToCut(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  columns.forEach(({ shrinkTo }, index) => {
    const width = widths[index] ?? 0;
    if (shrinkTo === undefined || width <= shrinkTo) return;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  });
  return widest;
}
