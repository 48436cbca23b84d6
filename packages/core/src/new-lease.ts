import type { Lease, LeaseTerms } from './lease.ts';
import type { Clock, HeldProcess } from './ports.ts';
import { Roster } from './roster.ts';

export interface NewLeaseOptions {
  readonly clock: Clock;
  readonly newLeaseId: () => string;
  /** The owner. */
  readonly uid: number;
  readonly root: HeldProcess;
  readonly terms: LeaseTerms;
  /** The lease that it is taken inside of. */
  readonly parent: Lease | undefined;
}

/** An active lease without members, and without deadlines yet. */
export function newLease({ clock, newLeaseId, uid, root, terms, parent }: NewLeaseOptions): Lease {
  return {
    id: newLeaseId(),
    uid,
    rootPid: root.pid,
    rootStartTicks: root.startTicks,
    rootPidfdId: root.pidfdId,
    parent,
    depth: parent === undefined ? 1 : parent.depth + 1,
    grantedWallMs: clock.wallMs(),
    grantedTicks: clock.bootTicks(),
    terms,
    state: 'active',
    renewedWallMs: null,
    endedWallMs: null,
    deadlineMs: Infinity,
    maxDeadlineMs: Infinity,
    members: new Roster(),
    rootAlive: true,
    warned: false,
    scheduledMs: Infinity,
  };
}
