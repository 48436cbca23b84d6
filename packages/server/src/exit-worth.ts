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

/** What began the tree: the root of a lease, or of an automatic rule's cover. */
export interface TreeRoot {
  readonly rootPid: number;
  readonly rootStartTicks: string;
}

/**
 * Does history keep the exit of a covered process? The root's it does, and that of any process that a signal ended, or
 * that tells of one by its code. A script's thousand helpers that came and went are no news.
 */
export function isWorthARow({ pid, startTicks, signal, exitCode }: CoveredExit, tree: TreeRoot | undefined): boolean {
  if (signal !== null || isSignalsCode(exitCode ?? 0)) return true;
  return tree?.rootPid === pid && tree.rootStartTicks === startTicks;
}

function isSignalsCode(code: number): boolean {
  return code > signalExitBase && code <= signalExitBase + bounds.signalMax;
}
