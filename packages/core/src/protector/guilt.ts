import { memoryOf, type ProcessTrends } from './process-trends.ts';
import type { ProcessColumns } from './process-columns.ts';
import { tuning } from './tuning.ts';

/** What speaks against a process, from most to least: it grows now, it has grown since the machine was well, it is large. */
export const guiltKinds = ['growing', 'grown', 'large'] as const;
export type GuiltKind = (typeof guiltKinds)[number];

/** So much growth ahead counts as if it had happened: a fast small leak is worse than a slow large program. */
const aheadSeconds = 10;
/** But no more than so many times what it has grown by: a program that starts grows fast, and not for long. */
const aheadFactor = 2;
/** Growth below this share of what a process holds is its ordinary breathing. */
const breathingShare = 0.05;
/** Who grows now is worse than who has grown: so many times, for a program that breathes is no hog. */
const growingWeight = 4;
/** More than any machine's memory in bytes: who has grown comes before who is large, whatever its size. */
const kindStep = 2 ** 47;

/** What a process has caused, and will have soon, bytes. */
export function causedBytes(one: { readonly grownBytes: number; readonly growthBytes: number }): number {
  return one.grownBytes + Math.min(one.growthBytes * aheadSeconds, one.grownBytes * aheadFactor);
}

/** What speaks against the process of this row. */
export function guiltKind(columns: ProcessColumns, trends: ProcessTrends, row: number): GuiltKind {
  const grown = trends.grownBytes(row);
  const isMore = grown >= Math.max(tuning.victimBytesMin, memoryOf(columns, row) * breathingShare);
  if (!isMore) return 'large';
  return trends.growthBytes(row) > 0 ? 'growing' : 'grown';
}

/**
 * The same as a number to order by: first by kind, then by bytes. A large program that holds what it held while the machine
 * was well comes after every other, whatever its size. 0: no victim, its end would free nothing.
 */
export function guiltOf(columns: ProcessColumns, trends: ProcessTrends, row: number): number {
  const bytes = memoryOf(columns, row);
  if (bytes < tuning.victimBytesMin) return 0;
  const kind = guiltKind(columns, trends, row);
  if (kind === 'large') return bytes;
  const caused = causedBytes({ grownBytes: trends.grownBytes(row), growthBytes: trends.growthBytes(row) });
  return kindStep + caused * (kind === 'growing' ? growingWeight : 1);
}
