import type { Logger } from 'pino';
import type { Lease, LeaseTerms } from '#core/lease.ts';
import { renewDeadline } from '#core/lease.ts';
import { compareIdentity } from '#core/identity.ts';
import { Roster } from '#core/roster.ts';
import { signalSet } from '#core/signal-set.ts';
import { transition } from './lease-events.ts';
import { readSignals } from './lease-view.ts';
import { clock, machine, type Held } from './machine.ts';
import type { Registry } from './registry.ts';
import { RuleMembers } from './rule-members.ts';
import type { LeaseRow, MemberRow } from './store/lease-rows.ts';
import type { Store } from './store/store.ts';

export interface RecoveryOutcome {
  readonly resumed: number;
  readonly ended: number;
}

/**
 * Takes up the leases of the server before, ahead of listening. After a reboot they are lost. Else each of their
 * persisted members is held, if it is the same process still; a lease without one is exited, after one look through
 * the process table, and at what the kernel has marked since. A heartbeat lease gets one full ttl of grace.
 */
export async function recover(store: Store, registry: Registry, bootId: string, log: Logger): Promise<RecoveryOutcome> {
  const rows = store.leases.active();
  const restored = new Map<string, Lease>();
  const ends: Promise<void>[] = [];
  for (const row of rows) {
    const lease = leaseOf(row, row.parent_id === null ? undefined : restored.get(row.parent_id));
    const members = row.boot_id === bootId ? holdMembers(store.leases.membersOf(row.id)) : [];
    lease.rootAlive = members.some(({ held }) => held.pid === lease.rootPid && held.startTicks === lease.rootStartTicks);
    const mayHaveOthers = lease.terms.markerDigest !== null || registry.kernelRemembers;
    if (row.boot_id !== bootId || (members.length === 0 && !mayHaveOthers)) {
      ends.push(writeEnd(store, lease, row.boot_id === bootId ? 'exited' : 'lost', log));
      continue;
    }
    registry.table.restore(lease, members);
    registry.termsChanged(lease);
    restored.set(lease.id, lease);
  }
  // After a reboot that is every lease: one commit for all.
  await Promise.all(ends);
  new RuleMembers(store, registry, bootId).restore();
  await registry.scan();
  for (const lease of restored.values()) registry.table.endIfEmpty(lease);
  registry.rearm();
  return { resumed: registry.table.size, ended: rows.length - registry.table.size };
}

async function writeEnd(store: Store, lease: Lease, end: 'exited' | 'lost', log: Logger): Promise<void> {
  lease.state = end;
  await store.write(() => {
    store.leases.end(lease.id, end, clock.wallMs(), lease.renewedWallMs);
    store.insertEvent(transition(lease, end, null));
  });
  log.info({ leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: lease.terms.label, end }, 'lease ended');
}

function holdMembers(rows: readonly MemberRow[]): { held: Held; byMarker: boolean }[] {
  const members: { held: Held; byMarker: boolean }[] = [];
  for (const row of rows) {
    const held = machine.hold(row.pid);
    if (held === undefined) continue;
    const known = { pid: row.pid, startTicks: row.start_ticks, pidfdId: row.pidfd_id ?? undefined };
    if (compareIdentity(known, held) === 'same') members.push({ held, byMarker: row.by_marker === 1 });
    else held.close();
  }
  return members;
}

function leaseOf(row: LeaseRow, parent: Lease | undefined): Lease {
  const lease: Lease = {
    id: row.id,
    uid: row.uid,
    rootPid: row.pid,
    rootStartTicks: row.start_ticks,
    rootPidfdId: row.pidfd_id ?? undefined,
    parent,
    depth: row.depth,
    grantedWallMs: row.granted_at,
    grantedTicks: row.granted_ticks,
    terms: termsOf(row),
    state: 'active',
    renewedWallMs: row.renewed_at,
    endedWallMs: null,
    deadlineMs: Infinity,
    maxDeadlineMs: row.max_deadline_ms ?? Infinity,
    members: new Roster(),
    rootAlive: false,
    warned: false,
    scheduledMs: Infinity,
  };
  renewDeadline(lease, clock.monotonicMs());
  return lease;
}

function termsOf(row: LeaseRow): LeaseTerms {
  return Object.freeze({
    label: row.label,
    reason: row.reason,
    renewal: row.renewal,
    scope: row.scope,
    guard: row.guard === 1,
    strict: row.strict === 1,
    forbidden: signalSet(readSignals(row.forbidden)),
    priority: row.priority,
    ttlMs: row.ttl_ms,
    maxMs: row.max_ms,
    markerDigest: row.marker_digest,
  });
}
