import type { Explanation } from '#protocol/explanation.ts';
import type { SignalEvent } from '#protocol/history.ts';
import { findCause, nsOf } from './explain-cause.ts';
import { findEnding } from './explain-ending.ts';
import type { ExplainTerms } from './explain-facts.ts';
import { describeHolder } from './explain-subject.ts';

/** Shells add it to the signal that ended their child. */
export const signalExitBase = 128;
/** A shell asks for its child's status, and tells of it: how long that takes at most. */
const tellNs = 10_000_000_000n;

/**
 * The child whose death an exit code tells of. A shell exits with 128 + the signal that ended its last command: the job
 * is that command, and its death is what is asked about.
 *
 * @param treeRows rows of the lease that covers both, oldest first
 * @param exit the row of the parent's exit
 */
export function findChild(
  exitCode: number | null,
  treeRows: readonly SignalEvent[],
  exit: SignalEvent | undefined,
  terms: ExplainTerms,
): Explanation['child'] | undefined {
  if (exit?.target === undefined || exit.target === null || exitCode === null || exitCode <= signalExitBase) return undefined;
  const death = treeRows.findLast((row) => isDeathBefore(row, exit, exitCode - signalExitBase));
  const child = death?.target;
  if (child === undefined || child === null) return undefined;
  const rows = treeRows.filter(({ target }) => target?.pid === child.pid && target.startTicks === child.startTicks);
  const process = describeHolder({ rows, live: undefined }) ?? child;
  const ending = findEnding({ rows, live: undefined }, terms);
  return { process, ending, cause: findCause(ending, rows, { process, leaseRootPid: exit.target.pid }) };
}

function isDeathBefore(row: SignalEvent, exit: SignalEvent, signal: number): boolean {
  if (row.exit?.signal !== signal || row.target?.pid === exit.target?.pid) return false;
  const before = nsOf(exit) - nsOf(row);
  return before >= 0n && before < tellNs;
}
