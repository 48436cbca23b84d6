import type { Cause, CauseKind, CoveringLease, Ending, LeaseEffect } from '#protocol/explanation.ts';
import type { SignalEvent } from '#protocol/history.ts';
import type { Lease } from '#protocol/lease.ts';

/** A lease ends with its process: the row of its end may be of a moment before the death's. */
const slackMs = 1000;

const byProcesses: ReadonlySet<CauseKind> = new Set<CauseKind>(['killed', 'mediated']);
const ownDoing: ReadonlySet<CauseKind> = new Set<CauseKind>(['self', 'exit', 'child', 'none', 'unknown']);

/** The innermost lease that covered a process when it ended. @param leases innermost first */
export function coveringLease(rows: readonly SignalEvent[], leases: readonly Lease[], cause: Cause): Lease | undefined {
  const named =
    cause.event?.leaseId ?? rows.findLast(({ leaseId, exit }) => leaseId !== undefined && exit !== undefined)?.leaseId;
  const id = named ?? rows.findLast(({ leaseId }) => leaseId !== undefined)?.leaseId;
  return leases.find((lease) => lease.id === id) ?? leases[0];
}

/** What became of the protection. @param refusedCount tries that were refused */
export function tellLease(lease: Lease, ending: Ending, cause: Cause, refusedCount: number): CoveringLease {
  const { id, label, state, guard, grantedAt, endedAt } = lease;
  return { id, label, state, guard, grantedAt, endedAt, effect: effectOf(lease, ending, cause, refusedCount) };
}

function effectOf(lease: Lease, ending: Ending, cause: Cause, refusedCount: number): LeaseEffect {
  if (ending.kind === 'lost') return 'lost';
  const { event, kind, relation } = cause;
  if (kind === 'self' || (kind === 'exit' && event === null)) return refusedCount > 0 ? 'held' : 'idle';
  if (ending.kind === 'running' || event === null) return refusedCount > 0 ? 'held' : 'idle';
  if (!isOf(lease, event)) return 'over';
  if (!byProcesses.has(kind) && !ownDoing.has(kind)) return 'beyond';
  if (event.override === true) return 'overridden';
  if (event.code === 'kernel' || event.code === 'implied') return 'beyond';
  if (relation === 'self' || relation === 'tree' || relation === 'child') return 'ownTree';
  return lease.forbiddenSignals.includes(event.signal ?? 0) ? 'bypassed' : 'notForbidden';
}

function isOf({ grantedAt, endedAt }: Lease, { firstAt }: SignalEvent): boolean {
  const at = Date.parse(firstAt);
  return Date.parse(grantedAt) <= at + slackMs && (endedAt === null || Date.parse(endedAt) >= at - slackMs);
}
