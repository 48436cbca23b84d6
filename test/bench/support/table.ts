import { targets, type Target } from '#test/bench/targets.ts';
import type { Row } from './figure.ts';

const headings = ['figure', 'value', 'unit', 'reference', 'ratio', 'target', 'met'] as const;

/** Three digits that mean something; large numbers whole. */
function number(value: number | null): string {
  if (value === null) return '-';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function cells(row: Row): readonly string[] {
  const { direction, judged, target }: Target = targets[row.figure];
  const bound =
    target === null ? '-' : `${direction === 'atMost' ? '≤' : '≥'} ${String(target)}${judged === 'ratio' ? ' ×' : ''}`;
  return [row.figure, number(row.value), row.unit, number(row.reference), number(row.ratio), bound, metWords(row)];
}

function metWords({ met, value, reason }: Row): string {
  if (met !== null) return met ? 'yes' : 'NO';
  return value === null || reason !== undefined ? `not run: ${reason ?? 'unknown'}` : 'told';
}

/** The report for a person. */
export function table(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
