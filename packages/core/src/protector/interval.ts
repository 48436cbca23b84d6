import type { MachineTrend } from './machine-trend.ts';
import { isAtLeast, type NeedLevel } from './need.ts';
import { tuning } from './tuning.ts';

/** What the protector is about: it only tells, it would act, it acts. */
export type ProtectorWork = 'observing' | 'ready' | 'ending';

/**
 * When the machine is looked at next: the time in which memory could reach the threshold, were it filled as fast as it can
 * be (earlyoom's rule), but within bounds. So it is slow while there is much, and fast where there is little.
 *
 * @param work `ending`: somebody was asked to end, and his exit must not be missed; `observing`: nobody will be ended, and
 *   a late word costs nobody anything
 * @returns milliseconds
 */
export function machineIntervalMs(trend: MachineTrend, level: NeedLevel, work: ProtectorWork): number {
  if (work === 'ending' || isAtLeast(level, 'end')) return tuning.machineIntervalMsMin;
  if (mayDoze(trend, work)) return tuning.observeIntervalMs;
  const { memTotalBytes, memAvailableBytes, swapTotalBytes, swapFreeBytes } = trend.now;
  const memoryBytes = Math.max(0, memAvailableBytes - memTotalBytes * tuning.lowShare);
  const swapBytes = Math.max(0, swapFreeBytes - swapTotalBytes * tuning.lowShare);
  const fullMs = (memoryBytes / tuning.memoryFillBytes + swapBytes / tuning.swapFillBytes) * 1000;
  // Steady at the edge: the fastest look is for memory that goes.
  const leastMs = trend.mayFall ? tuning.machineIntervalMsMin : 5 * tuning.machineIntervalMsMin;
  return Math.min(tuning.machineIntervalMsMax, Math.max(leastMs, fullMs));
}

/**
 * When the process table is looked through next: a look costs the more the more processes there are, so what is bounded
 * is its share of a core.
 *
 * @param costMs what the last look took of the CPU
 * @returns milliseconds from the last look
 */
export function processIntervalMs(trend: MachineTrend, costMs: number, level: NeedLevel, work: ProtectorWork): number {
  if (level === 'well' && mayDoze(trend, work)) return tuning.observeProcessIntervalMs;
  if (isAtLeast(level, 'end')) return bounded(costMs / tuning.needProcessShare, tuning.processIntervalMsMin);
  if (level !== 'well') return bounded(costMs / tuning.toldProcessShare, tuning.toldProcessIntervalMsMin);
  const share = isPlenty(trend) ? tuning.plentyProcessShare : tuning.calmProcessShare;
  return bounded(costMs / share, tuning.calmProcessIntervalMsMin);
}

function mayDoze(trend: MachineTrend, work: ProtectorWork): boolean {
  return work === 'observing' && isPlenty(trend) && trend.isStill;
}

function isPlenty(trend: MachineTrend): boolean {
  return trend.availableShare > 0.5 && trend.fallBytes === 0;
}

function bounded(intervalMs: number, leastMs: number): number {
  return Math.min(tuning.processIntervalMsMax, Math.max(leastMs, intervalMs));
}
