import type { LeaseState, Renewal, Scope } from '#protocol/lease.ts';
import { compareIdentity, type IdentityParts } from './identity.ts';
import type { HeldProcess } from './ports.ts';
import type { Roster } from './roster.ts';
import type { RuleCover } from './rules/cover.ts';
import type { SignalSet } from './signal-set.ts';

/** What the holder may set anew by registering the same identity again. */
export interface LeaseTerms {
  readonly label: string | null;
  readonly reason: string | null;
  readonly renewal: Renewal;
  readonly scope: Scope;
  /** The kernel refuses what it forbids, where the server has a guard. */
  readonly guard: boolean;
  readonly strict: boolean;
  readonly forbidden: SignalSet;
  readonly priority: number;
  readonly ttlMs: number | null;
  readonly maxMs: number | null;
  readonly markerDigest: string | null;
}

/** A lease as the rules know it. Only active ones are kept in memory; the database keeps the others. */
export interface Lease {
  readonly id: string;
  readonly uid: number;
  readonly rootPid: number;
  readonly rootStartTicks: string;
  readonly rootPidfdId: string | undefined;
  readonly parent: Lease | undefined;
  /** 1 for a lease that was taken in no other's tree. */
  readonly depth: number;
  readonly grantedWallMs: number;
  /** When it was granted, in the ticks of a process's start time. */
  readonly grantedTicks: number;
  terms: LeaseTerms;
  state: LeaseState;
  renewedWallMs: number | null;
  endedWallMs: number | null;
  /** CLOCK_MONOTONIC; Infinity where nothing but its processes ends it. */
  deadlineMs: number;
  /** CLOCK_MONOTONIC; Infinity without `maxMs`. */
  maxDeadlineMs: number;
  readonly members: Roster<Member>;
  rootAlive: boolean;
  warned: boolean;
  /** The time of its live entry in the deadline queue; Infinity: none. Entries with another time are stale. */
  scheduledMs: number;
}

/** A live process that leases, or a rule, cover. */
export interface Member {
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfdId: string | undefined;
  readonly held: HeldProcess;
  /** Every lease that covers it, innermost first. Empty only where a rule covers it. */
  leases: readonly Lease[];
  /** Those of `leases` that only its marker gives it: they protect it, and give it no right as a sender. */
  markerLeases: readonly Lease[];
  /** The tree version at which `leases` was complete. */
  resolvedAt: number;
  /** What covers it by an automatic rule, where that is known. */
  cover?: RuleCover;
}

/** Why an active lease ends. */
export type LeaseEnd = Exclude<LeaseState, 'active'>;

/** Is this the process that the lease was taken on? Its pid and even the clock tick of its start may be another's by now. */
export function isRoot(lease: Lease, process: IdentityParts): boolean {
  const root = { pid: lease.rootPid, startTicks: lease.rootStartTicks, pidfdId: lease.rootPidfdId };
  return compareIdentity(root, process) === 'same';
}

/**
 * Orders leases that cover one process by descent. Their roots are each other's ancestors, so the inner one started
 * later; within one clock tick they stay as they were given.
 */
export function innermostFirst(leases: readonly Lease[]): readonly Lease[] {
  if (leases.length < 2) return leases;
  return leases.toSorted((a, b) => Number(b.rootStartTicks) - Number(a.rootStartTicks));
}

/** Which deadline comes first, and what it means. */
export function nextDeadlineMs(lease: Lease): number {
  const warning = lease.warned ? Infinity : warningMs(lease);
  return Math.min(lease.deadlineMs, lease.maxDeadlineMs, warning);
}

/** When a tenth of `maxMs` is left; Infinity without one. */
export function warningMs(lease: Lease): number {
  return lease.terms.maxMs === null ? Infinity : lease.maxDeadlineMs - lease.terms.maxMs / 10;
}

/** Sets the deadlines that terms ask for, counted from now. */
export function startDeadlines(lease: Lease, nowMs: number): void {
  const { terms } = lease;
  lease.maxDeadlineMs = terms.maxMs === null ? Infinity : nowMs + terms.maxMs;
  lease.warned = false;
  renewDeadline(lease, nowMs);
}

/** The heartbeat: moves the deadline of a heartbeat lease, and of no other. */
export function renewDeadline(lease: Lease, nowMs: number): void {
  const { renewal, ttlMs } = lease.terms;
  lease.deadlineMs = renewal === 'heartbeat' && ttlMs !== null ? nowMs + ttlMs : Infinity;
}
