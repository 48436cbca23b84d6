import type { Database, Statement } from 'better-sqlite3';
import type { Lease as LeaseRecord, Member } from '#core/lease.ts';
import { signalsOf } from '#core/signal-set.ts';
import type { LeaseState, Renewal, Scope } from '#protocol/lease.ts';

/** A lease as the database keeps it, ended ones too. */
export interface LeaseRow {
  readonly seq: number;
  readonly id: string;
  readonly uid: number;
  readonly pid: number;
  readonly start_ticks: string;
  readonly boot_id: string;
  readonly pidfd_id: string | null;
  readonly label: string | null;
  readonly reason: string | null;
  readonly renewal: Renewal;
  readonly scope: Scope;
  readonly guard: number;
  readonly strict: number;
  /** Signal numbers, joined by commas. */
  readonly forbidden: string;
  readonly priority: number;
  readonly parent_id: string | null;
  readonly depth: number;
  readonly state: LeaseState;
  readonly ttl_ms: number | null;
  readonly max_ms: number | null;
  readonly max_deadline_ms: number | null;
  readonly marker_digest: string | null;
  readonly granted_at: number;
  readonly granted_ticks: number;
  readonly renewed_at: number | null;
  readonly ended_at: number | null;
}

export interface MemberRow {
  readonly lease_id: string;
  readonly pid: number;
  readonly start_ticks: string;
  readonly pidfd_id: string | null;
  readonly by_marker: number;
}

export interface LeaseQuery {
  readonly state?: LeaseState | undefined;
  readonly uid?: number | undefined;
  readonly label?: string | undefined;
  /** Whose labels may be matched; undefined: everybody's. */
  readonly readableUid?: number | undefined;
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

/** The lease and member tables. Writing methods are for inside a transaction (CommitQueue.run). */
export class LeaseRows {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #end: Statement;
  readonly #insertMember: Statement;
  readonly #deleteMember: Statement;
  readonly #deleteMembers: Statement;
  readonly #byId: Statement<[string], LeaseRow>;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(`
      INSERT INTO lease (id, uid, pid, start_ticks, boot_id, pidfd_id, label, reason, renewal, scope, guard, strict, forbidden,
        priority, parent_id, depth, state, ttl_ms, max_ms, max_deadline_ms, marker_digest, granted_at, granted_ticks)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?, ?, ?)`);
    this.#update = database.prepare(`
      UPDATE lease SET label = ?, reason = ?, renewal = ?, scope = ?, guard = ?, strict = ?, forbidden = ?, priority = ?, ttl_ms = ?, max_ms = ?,
        max_deadline_ms = ?, marker_digest = ?, renewed_at = ? WHERE id = ?`);
    this.#end = database.prepare("UPDATE lease SET state = ?, ended_at = ?, renewed_at = ? WHERE id = ? AND state = 'active'");
    this.#insertMember = database.prepare(
      'INSERT OR REPLACE INTO member (lease_id, pid, start_ticks, pidfd_id, by_marker) VALUES (?, ?, ?, ?, ?)',
    );
    this.#deleteMember = database.prepare('DELETE FROM member WHERE lease_id = ? AND pid = ? AND start_ticks = ?');
    this.#deleteMembers = database.prepare('DELETE FROM member WHERE lease_id = ?');
    this.#byId = database.prepare('SELECT * FROM lease WHERE id = ?');
  }

  insert(lease: LeaseRecord, bootId: string): void {
    const { terms } = lease;
    this.#insert.run(
      lease.id,
      lease.uid,
      lease.rootPid,
      lease.rootStartTicks,
      bootId,
      lease.rootPidfdId ?? null,
      terms.label,
      terms.reason,
      terms.renewal,
      terms.scope,
      Number(terms.guard),
      Number(terms.strict),
      signalsOf(terms.forbidden).join(','),
      terms.priority,
      lease.parent?.id ?? null,
      lease.depth,
      terms.ttlMs,
      terms.maxMs,
      finite(lease.maxDeadlineMs),
      terms.markerDigest,
      lease.grantedWallMs,
      lease.grantedTicks,
    );
  }

  updateTerms(lease: LeaseRecord): void {
    const { terms } = lease;
    this.#update.run(
      terms.label,
      terms.reason,
      terms.renewal,
      terms.scope,
      Number(terms.guard),
      Number(terms.strict),
      signalsOf(terms.forbidden).join(','),
      terms.priority,
      terms.ttlMs,
      terms.maxMs,
      finite(lease.maxDeadlineMs),
      terms.markerDigest,
      lease.renewedWallMs,
      lease.id,
    );
  }

  /** A lease ends once. @returns whether it did now */
  end(id: string, state: LeaseState, endedWallMs: number, renewedWallMs: number | null): boolean {
    const { changes } = this.#end.run(state, endedWallMs, renewedWallMs, id);
    this.#deleteMembers.run(id);
    return changes > 0;
  }

  /** Takes back an end that was never told. */
  reopen(lease: LeaseRecord): void {
    this.#database.prepare("UPDATE lease SET state = 'active', ended_at = NULL WHERE id = ?").run(lease.id);
    for (const member of lease.members.items()) this.join(member);
  }

  /** Takes back a grant that was never told. */
  remove(id: string): void {
    this.#database.prepare('DELETE FROM lease WHERE id = ?').run(id);
    this.#deleteMembers.run(id);
  }

  /** Notes a member in each of its leases. */
  join(member: Pick<Member, 'pid' | 'startTicks' | 'pidfdId' | 'leases' | 'markerLeases'>): void {
    for (const lease of member.leases) {
      const byMarker = Number(member.markerLeases.includes(lease));
      this.#insertMember.run(lease.id, member.pid, member.startTicks, member.pidfdId ?? null, byMarker);
    }
  }

  leave(leaseIds: readonly string[], pid: number, startTicks: string): void {
    for (const id of leaseIds) this.#deleteMember.run(id, pid, startTicks);
  }

  get(id: string): LeaseRow | undefined {
    return this.#byId.get(id);
  }

  /** Every lease that was active when the last server stopped, parents before their children. */
  active(): LeaseRow[] {
    return this.#database.prepare<[], LeaseRow>("SELECT * FROM lease WHERE state = 'active' ORDER BY depth, seq").all();
  }

  membersOf(id: string): MemberRow[] {
    return this.#database.prepare<[string], MemberRow>('SELECT * FROM member WHERE lease_id = ?').all(id);
  }

  /** Newest first. */
  list(query: LeaseQuery): LeaseRow[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    const add = (condition: string, ...value: (string | number)[]): void => {
      conditions.push(condition);
      values.push(...value);
    };
    if (query.state !== undefined) add('state = ?', query.state);
    if (query.uid !== undefined) add('uid = ?', query.uid);
    if (query.label !== undefined) add('label = ?', query.label);
    if (query.label !== undefined && query.readableUid !== undefined) add('uid = ?', query.readableUid);
    if (query.beforeSeq !== undefined) add('seq < ?', query.beforeSeq);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#database
      .prepare<(string | number)[], LeaseRow>(`SELECT * FROM lease ${where} ORDER BY seq DESC LIMIT ${String(query.limit)}`)
      .all(...values);
  }

  /** Deletes ended leases from before a moment. @returns how many */
  prune(beforeWallMs: number): number {
    return this.#database.prepare("DELETE FROM lease WHERE state <> 'active' AND ended_at < ?").run(beforeWallMs).changes;
  }
}

function finite(deadlineMs: number): number | null {
  return Number.isFinite(deadlineMs) ? deadlineMs : null;
}
