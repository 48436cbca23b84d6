import type { Lease } from '#core/lease.ts';
import type { Clock } from '#core/ports.ts';
import { mayRead, type Caller } from '#core/rights.ts';
import { signalsOf } from '#core/signal-set.ts';
import type { Lease as WireLease } from '#protocol/lease.ts';
import { isoTime } from './iso-time.ts';
import type { LeaseRow } from './store/lease-rows.ts';

/** An active lease as this reader may see it. */
export function viewLease(lease: Lease, bootId: string, clock: Clock, reader: Caller): WireLease {
  const { terms } = lease;
  const readable = mayRead(reader, lease.uid);
  return {
    id: lease.id,
    identity: {
      pid: lease.rootPid,
      startTicks: lease.rootStartTicks,
      bootId,
      ...(lease.rootPidfdId === undefined ? {} : { pidfdId: lease.rootPidfdId }),
    },
    uid: lease.uid,
    label: readable ? terms.label : null,
    reason: readable ? terms.reason : null,
    renewal: terms.renewal,
    scope: terms.scope,
    guard: terms.guard,
    strict: terms.strict,
    forbiddenSignals: signalsOf(terms.forbidden),
    priority: terms.priority,
    ...(lease.parent === undefined ? {} : { parentLeaseId: lease.parent.id }),
    members: lease.members.size,
    rootAlive: lease.state === 'active' && lease.rootAlive,
    state: lease.state,
    ttlMs: terms.ttlMs,
    maxMs: terms.maxMs,
    grantedAt: isoTime(lease.grantedWallMs),
    renewedAt: isoOrNull(lease.renewedWallMs),
    expiresAt: lease.state === 'active' ? expiresAt(lease, clock) : null,
    endedAt: isoOrNull(lease.endedWallMs),
  };
}

/** A lease from the database that has ended, as this reader may see it. */
export function viewLeaseRow(row: LeaseRow, reader: Caller): WireLease {
  const readable = mayRead(reader, row.uid);
  return {
    id: row.id,
    identity: {
      pid: row.pid,
      startTicks: row.start_ticks,
      bootId: row.boot_id,
      ...(row.pidfd_id === null ? {} : { pidfdId: row.pidfd_id }),
    },
    uid: row.uid,
    label: readable ? row.label : null,
    reason: readable ? row.reason : null,
    renewal: row.renewal,
    scope: row.scope,
    guard: row.guard === 1,
    strict: row.strict === 1,
    forbiddenSignals: readSignals(row.forbidden),
    priority: row.priority,
    ...(row.parent_id === null ? {} : { parentLeaseId: row.parent_id }),
    members: 0,
    rootAlive: false,
    state: row.state,
    ttlMs: row.ttl_ms,
    maxMs: row.max_ms,
    grantedAt: isoTime(row.granted_at),
    renewedAt: isoOrNull(row.renewed_at),
    expiresAt: null,
    endedAt: isoOrNull(row.ended_at),
  };
}

/** The comma-joined column. */
export function readSignals(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number);
}

/** Deadlines are monotonic; for people they are told in wall time, as it stands now. */
export function expiresAt(lease: Lease, clock: Clock): string | null {
  const deadlineMs = Math.min(lease.deadlineMs, lease.maxDeadlineMs);
  return deadlineMs === Infinity ? null : isoTime(Math.round(clock.wallMs() + deadlineMs - clock.monotonicMs()));
}

function isoOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : isoTime(wallMs);
}
