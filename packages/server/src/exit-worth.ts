import type { Lease } from '#core/lease.ts';
import { bounds } from '#protocol/bounds.ts';

/** Shells add it to the signal that ended their child. */
const signalExitBase = 128;

/** An exit of a covered process: as wait(2) tells it, one of code and signal is null. */
export interface CoveredExit {
  readonly pid: number;
  readonly startTicks: string;
  readonly exitCode: number | null;
  readonly signal: number | null;
}

/**
 * Does history keep the exit of a covered process? The root's it does, and that of any process that a signal ended, or
 * that tells of one by its code. A script's thousand helpers that came and went are no news.
 */
export function isWorthARow({ pid, startTicks, signal, exitCode }: CoveredExit, lease: Lease | undefined): boolean {
  if (signal !== null || isSignalsCode(exitCode ?? 0)) return true;
  return lease?.rootPid === pid && lease.rootStartTicks === startTicks;
}

function isSignalsCode(code: number): boolean {
  return code > signalExitBase && code <= signalExitBase + bounds.signalMax;
}
