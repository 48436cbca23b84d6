import type { Cause, CauseKind, CoveringLease, Ending, LeaseEffect } from '#protocol/explanation.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { Lease } from '#protocol/lease.ts';

/** A lease ends with its process: the row of its end may be of a moment before the death's. */
const slackMs = 1000;
const init = 1;

const byProcesses: ReadonlySet<CauseKind> = new Set<CauseKind>(['killed', 'mediated']);
const ownDoing: ReadonlySet<CauseKind> = new Set<CauseKind>(['self', 'exit', 'child', 'none', 'unknown']);

/** The innermost lease that covered a process when it ended. @param leases innermost first */
export function coveringLease(rows: readonly SignalEvent[], leases: readonly Lease[], cause: Cause): Lease | undefined {
  const named =
    cause.event?.leaseId ?? rows.findLast(({ leaseId, exit }) => leaseId !== undefined && exit !== undefined)?.leaseId;
  const id = named ?? rows.findLast(({ leaseId }) => leaseId !== undefined)?.leaseId;
  return leases.find((lease) => lease.id === id) ?? leases[0];
}

/** What an effect is told by. */
export interface EffectView {
  readonly process: ProcessRef | null;
  readonly ending: Ending;
  readonly cause: Cause;
  readonly rows: readonly SignalEvent[];
  /** Rows that tell of processes past the guard's bound. */
  readonly unguardedRows: readonly SignalEvent[];
  /** Tries that were refused. */
  readonly refusedCount: number;
}

/** What became of the protection. */
export function tellLease(lease: Lease, view: EffectView): CoveringLease {
  const { id, label, state, guard, grantedAt, endedAt } = lease;
  const row = view.rows.findLast(({ outcome, leaseId }) => outcome === 'orphaned' && leaseId === id);
  const orphaned = row === undefined ? {} : { orphaned: { at: row.firstAt, reason: row.reason ?? '' } };
  return { id, label, state, guard, grantedAt, endedAt, effect: effectOf(lease, view), ...orphaned };
}

function effectOf(lease: Lease, view: EffectView): LeaseEffect {
  const { ending, cause, refusedCount } = view;
  if (ending.kind === 'lost') return 'lost';
  const { event, kind, relation } = cause;
  if (kind === 'self' || (kind === 'exit' && event === null)) return refusedCount > 0 ? 'held' : 'idle';
  if (kind === 'oom') return 'beyond';
  if (ending.kind === 'running' || event === null) return refusedCount > 0 ? 'held' : 'idle';
  if (!isOf(lease, event)) return 'over';
  if (!byProcesses.has(kind) && !ownDoing.has(kind)) return 'beyond';
  if (event.override === true) return 'overridden';
  if (event.code === 'kernel' || event.code === 'implied') return 'beyond';
  if (relation === 'self' || relation === 'tree' || relation === 'child') return 'ownTree';
  if (!lease.forbiddenSignals.includes(event.signal ?? 0)) return 'notForbidden';
  return lease.guard ? guardEffect(lease, event, view) : 'bypassed';
}

/** Why a guard let it through (design: rules for the guard). */
function guardEffect(lease: Lease, event: SignalEvent, { process, rows, unguardedRows }: EffectView): LeaseEffect {
  if (rows.some(({ outcome, signal }) => outcome === 'audited' && signal === event.signal)) return 'audited';
  const ancestors = process?.ancestry.map(({ pid }) => pid) ?? [];
  const isHelper = ancestors.includes(event.sender?.ancestry[0]?.pid ?? 0);
  const isAncestor = ancestors.includes(event.sender?.pid ?? 0);
  const passes = event.sender?.pid === init || (!lease.strict && (isAncestor || isHelper));
  if (passes) return 'passed';
  const isTold = ({ leaseId, firstAt }: SignalEvent): boolean =>
    leaseId === lease.id && Date.parse(firstAt) <= Date.parse(event.firstAt) + slackMs;
  return unguardedRows.some(isTold) ? 'unguarded' : 'bypassed';
}

function isOf({ grantedAt, endedAt }: Lease, { firstAt }: SignalEvent): boolean {
  const at = Date.parse(firstAt);
  return Date.parse(grantedAt) <= at + slackMs && (endedAt === null || Date.parse(endedAt) >= at - slackMs);
}
