import type { MachineTrend } from './machine-trend.ts';
import { isAtLeast, type NeedLevel } from './need.ts';
import { tuning } from './tuning.ts';

/**
 * When the machine is looked at next: the time in which memory could reach the threshold, were it filled as fast as it can
 * be (earlyoom's rule), but within bounds. So it is slow while there is much, and fast where there is little.
 *
 * @param acts somebody was asked to end: his exit must not be missed
 * @returns milliseconds
 */
export function machineIntervalMs(trend: MachineTrend, level: NeedLevel, acts: boolean): number {
  if (acts || isAtLeast(level, 'throttle')) return tuning.machineIntervalMsMin;
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
export function processIntervalMs(trend: MachineTrend, costMs: number, level: NeedLevel): number {
  if (level !== 'well') return bounded(costMs / tuning.needProcessShare, tuning.processIntervalMsMin);
  const isPlenty = trend.availableShare > 0.5 && trend.fallBytes === 0;
  const share = isPlenty ? tuning.plentyProcessShare : tuning.calmProcessShare;
  return bounded(costMs / share, tuning.calmProcessIntervalMsMin);
}

function bounded(intervalMs: number, leastMs: number): number {
  return Math.min(tuning.processIntervalMsMax, Math.max(leastMs, intervalMs));
}
