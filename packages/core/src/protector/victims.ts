import { guiltKind, guiltOf } from './guilt.ts';
import type { MachineTrend } from './machine-trend.ts';
import { isAtLeast, type Need } from './need.ts';
import type { ProcessColumns } from './process-columns.ts';
import { memoryOf, type ProcessTrends } from './process-trends.ts';
import { tuning } from './tuning.ts';

/** Victims are enough that hold so many bytes together. */
export interface Relief {
  readonly bytes: number;
  /** One that is by itself to blame is enough where it holds so many. */
  readonly aloneBytes: number;
  /** Victims that have grown by less than this are not ended yet: it would not help. */
  readonly leastBytes: number;
}

/** Any one victim will do. */
const anyRelief: Relief = { bytes: 0, aloneBytes: 0, leastBytes: 0 };

/**
 * What the machine needs to be freed at once: what goes within a second, or where little is left, what is missing of it. So
 * one hog is ended after the other, and many small ones are one victim: a fork bomb grows faster than they could be ended one
 * by one.
 */
export function reliefOf({ level }: Need, { now, fallBytes, availableShare, swapFreeShare }: MachineTrend): Relief {
  const lastShare = tuning.lowShare / 2;
  const isLast = availableShare <= lastShare && swapFreeShare <= lastShare;
  if (level === 'end' && !isLast) return { bytes: fallBytes, aloneBytes: 0, leastBytes: fallBytes };
  if (!isAtLeast(level, 'end')) return anyRelief;
  const aloneBytes = now.memTotalBytes * tuning.reliefShare;
  const missingBytes = now.memTotalBytes * tuning.lowShare - now.memAvailableBytes;
  return { bytes: Math.max(aloneBytes, missingBytes), aloneBytes, leastBytes: level === 'kill' ? 0 : fallBytes };
}

/** Would their end help, by what they have grown? */
export function isHelp(victims: readonly { readonly grownBytes: number }[], { leastBytes }: Relief): boolean {
  return victims.length >= tuning.victimsMax || victims.reduce((sum, { grownBytes }) => sum + grownBytes, 0) >= leastBytes;
}

interface Rows {
  readonly columns: ProcessColumns;
  readonly trends: ProcessTrends;
  readonly relief: Relief;
}

/** How many of these, who are ordered by guilt, it takes: the first, and more of its kind, but none that is merely large. */
export function victimCount({ columns, trends, relief }: Rows, eligible: readonly number[]): number {
  const [first] = eligible;
  if (first === undefined) return 0;
  const kind = guiltKind(columns, trends, first);
  if (kind === 'large' || isToBlame({ columns, trends, relief }, first)) return 1;
  let [count, bytes] = [0, 0];
  for (const row of eligible) {
    if (guiltKind(columns, trends, row) !== kind) break;
    count += 1;
    bytes += memoryOf(columns, row);
    if (count === tuning.victimsMax || bytes >= relief.bytes) break;
  }
  return count;
}

/** Does it hold enough, and is most of all growth its own? Then it is the one hog, and others that grow beside it are not. */
function isToBlame({ columns, trends, relief }: Rows, row: number): boolean {
  if (memoryOf(columns, row) < relief.aloneBytes) return false;
  let growthBytes = 0;
  for (let each = 0; each < columns.count; each += 1) growthBytes += trends.growthBytes(each);
  return trends.growthBytes(row) >= growthBytes * tuning.reliefGrowthShare;
}

/**
 * The others of a victim's process group, the guiltiest first. Who holds what it held while the machine was well has no part
 * in it: a shell or a server that started them, and what it started before.
 */
export function restOfGroup(
  columns: ProcessColumns,
  trends: ProcessTrends,
  victim: number,
  mayBe: (row: number) => boolean,
): readonly number[] {
  const others: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    const isOfGroup = row !== victim && columns.group[row] === columns.group[victim];
    if (isOfGroup && guiltKind(columns, trends, row) !== 'large' && mayBe(row)) others.push(row);
  }
  return others.toSorted((a, b) => guiltOf(columns, trends, b) - guiltOf(columns, trends, a));
}
