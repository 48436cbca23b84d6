import type { MachineTrend } from './machine-trend.ts';
import type { Limits } from './modes.ts';
import { tuning } from './tuning.ts';

/** How far the machine is from running out of memory, from good to bad: each is a rung of the ladder. */
export const needLevels = ['well', 'tell', 'throttle', 'end', 'kill'] as const;
export type NeedLevel = (typeof needLevels)[number];

/** What made the level. */
export type NeedCause = 'none' | 'forecast' | 'memory' | 'stall';

export interface Need {
  readonly level: NeedLevel;
  readonly cause: NeedCause;
  /** Infinity: not to be foreseen. */
  readonly exhaustedInMs: number;
}

/** Is `level` at least as bad as `than`? */
export function isAtLeast(level: NeedLevel, than: NeedLevel): boolean {
  return needLevels.indexOf(level) >= needLevels.indexOf(than);
}

/**
 * What the machine needs now. A load that holds steady is well, however high it is: only memory that goes, or tasks that
 * wait for it, make a need. Forecasts act before the thresholds do, but not below the mode's memory limit: a program that
 * loads is not yet a leak.
 */
export function assess(trend: MachineTrend, limits: Limits): Need {
  const { exhaustedInMs } = trend;
  const usedPercent = (1 - trend.availableShare) * 100;
  const isOver = usedPercent >= limits.memoryPercent;
  const cause = killCause(trend, isOver, limits);
  if (cause !== 'none') return { level: 'kill', cause, exhaustedInMs };
  const end = endCause(trend, isOver, limits);
  if (end !== 'none') return { level: 'end', cause: end, exhaustedInMs };
  const isNearlyOver = usedPercent >= limits.memoryPercent * tuning.throttleLimitShare;
  if (isNearlyOver && exhaustedInMs <= tuning.throttleForecastMs)
    return { level: 'throttle', cause: 'forecast', exhaustedInMs };
  const waits = waitsForMemory(trend);
  if (waits && trend.isFalling) return { level: 'throttle', cause: 'stall', exhaustedInMs };
  if (exhaustedInMs <= tuning.tellForecastMs) return { level: 'tell', cause: 'forecast', exhaustedInMs };
  if (waits) return { level: 'tell', cause: 'stall', exhaustedInMs };
  if (isOver && trend.isFalling) return { level: 'tell', cause: 'memory', exhaustedInMs };
  return { level: 'well', cause: 'none', exhaustedInMs };
}

function killCause(trend: MachineTrend, isOver: boolean, limits: Limits): NeedCause {
  const share = lowShare(limits);
  // Without PSI nobody tells whether tasks wait: there so little is too little, also where it goes no further.
  if (isLow(trend, share / 4) && (trend.isFalling || Number.isNaN(trend.memorySomeShare))) return 'memory';
  if (isLow(trend, share / 2) && waitsForMemory(trend)) return 'stall';
  // The last that is asked: what is left is surer than what is foreseen.
  return isOver && trend.burstExhaustedInMs <= tuning.killForecastMs ? 'forecast' : 'none';
}

/** Growth that may still stop is waited for as long as the forecast allows: half of the share is the last moment. */
function endCause(trend: MachineTrend, isOver: boolean, limits: Limits): NeedCause {
  if (isOver && trend.exhaustedInMs <= tuning.endForecastMs) return 'forecast';
  const share = lowShare(limits);
  if (isLow(trend, share / 2) && trend.isFalling) return 'memory';
  if (isLow(trend, share) && waitsForMemory(trend)) return 'stall';
  // Thrashing: tasks wait for pages that were dropped or swapped out, while the numbers still look good.
  const isTight = trend.availableShare <= 2 * tuning.lowShare;
  return isTight && trend.memoryFullShare >= tuning.endMemoryStallShare ? 'stall' : 'none';
}

/** Without PSI the shares are NaN, and no comparison holds. */
function waitsForMemory(trend: MachineTrend): boolean {
  return trend.memorySomeShare >= tuning.tellMemoryStallShare;
}

/** A mode whose limit is nearer to the end than the usual threshold goes by its limit. */
function lowShare({ memoryPercent }: Limits): number {
  return Math.min(tuning.lowShare, 1 - memoryPercent / 100);
}

function isLow(trend: MachineTrend, share: number): boolean {
  return trend.availableShare <= share && trend.swapFreeShare <= share;
}
