import { DeadlineQueue } from './deadline-queue.ts';
import {
  nextDeadlineMs,
  renewDeadline,
  startDeadlines,
  warningMs,
  type Lease,
  type LeaseEnd,
  type LeaseTerms,
  type Member,
} from './lease.ts';
import { LeaseIndex } from './lease-index.ts';
import { Members } from './members.ts';
import { Membership, type Coverage, type MembershipLimits } from './membership.ts';
import type { Clock, HeldProcess, ProcessTable } from './ports.ts';
import { ProtectedSet } from './protected-set.ts';
import { Refusal } from './refusal.ts';
import { Roster } from './roster.ts';

/** Told of what the table does by itself; the server writes rows, logs and notifies. */
export interface LeaseTableEvents {
  /** A process was seen as a member: for the first time (`isNew`: watch its exit), or of a further lease. Persist it. */
  joined(member: Member, isNew: boolean): void;
  /** A lease is over. Its members are already let go. */
  ended(lease: Lease, end: LeaseEnd): void;
  /** A tenth of `maxMs` is left. */
  expiring(lease: Lease): void;
  /** The last known member of a lease with a marker is gone: look for others, then call `endIfEmpty`. */
  emptied(lease: Lease): void;
}

export interface LeaseTableLimits extends MembershipLimits {
  readonly leasesPerUidMax: number;
  readonly depthMax: number;
}

export interface LeaseTableOptions {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly limits: LeaseTableLimits;
  readonly events: LeaseTableEvents;
  /** Larger than any generation that an earlier server gave. */
  readonly generation: number;
  readonly newLeaseId: () => string;
}

/** What a registration did, and how to take it back where it cannot be written down. */
export interface Registration {
  readonly lease: Lease;
  readonly member: Member;
  readonly isNew: boolean;
  undo(): void;
}

/** The active leases and their members: every rule about their life. Pure but for the ports that it is given. */
export class LeaseTable {
  readonly protectedSet: ProtectedSet;
  readonly members: Members;
  readonly membership: Membership;
  readonly #index = new LeaseIndex();
  readonly #deadlines = new DeadlineQueue<Lease>();
  readonly #options: LeaseTableOptions;

  constructor(options: LeaseTableOptions) {
    this.#options = options;
    this.protectedSet = new ProtectedSet(options.generation);
    this.members = new Members(this.protectedSet);
    this.membership = new Membership(options.table, this.members, this.#index.markers, options.limits, {
      joined: (member, isNew) => {
        options.events.joined(member, isNew);
      },
      dead: (member) => {
        this.exited(member);
      },
    });
  }

  get size(): number {
    return this.#index.size;
  }

  /** Does any active lease have a marker? */
  get hasMarkers(): boolean {
    return this.#index.markers.size > 0;
  }

  get(id: string): Lease | undefined {
    return this.#index.get(id);
  }

  values(): IterableIterator<Lease> {
    return this.#index.values();
  }

  /**
   * Grants a lease on a process, or new terms where the same owner has one on it.
   *
   * @param uid the owner
   * @param root the process, held; the table keeps it where it is a new member, and closes it otherwise
   * @throws Refusal leaseHeldByOther, limitReached
   */
  register(uid: number, root: HeldProcess, terms: LeaseTerms): Registration {
    const coverage = this.membership.coverage(root.pid);
    const around = coverage.leases;
    if (!root.alive()) {
      root.close();
      throw new Refusal('processNotFound', `pid ${String(root.pid)} has just exited`);
    }
    const own = around.find((lease) => lease.rootPid === root.pid && lease.rootStartTicks === root.startTicks);
    if (own !== undefined && own.uid !== uid) {
      root.close();
      throw new Refusal('leaseHeldByOther', `pid ${String(root.pid)} is registered by uid ${String(own.uid)}`);
    }
    if (own !== undefined) {
      root.close();
      return this.#changeTerms(own, terms);
    }
    try {
      this.#checkRoom(uid, around[0]);
      this.#checkMembers(root);
      this.#index.checkMarker(terms.markerDigest);
    } catch (error) {
      root.close();
      throw error;
    }
    return this.#grant(this.#newLease(uid, root, terms, around[0]), root, coverage);
  }

  #checkRoom(uid: number, parent: Lease | undefined): void {
    const { leasesPerUidMax, depthMax } = this.#options.limits;
    if (this.#index.countOf(uid) >= leasesPerUidMax) {
      throw new Refusal(
        'limitReached',
        `uid ${String(uid)} has ${String(leasesPerUidMax)} active leases, the most that the server grants`,
        {
          limit: 'leasesPerUidMax',
        },
      );
    }
    if (parent !== undefined && parent.depth >= depthMax) {
      throw new Refusal('limitReached', `leases nest at most ${String(depthMax)} deep`, { limit: 'depthMax' });
    }
  }

  #checkMembers(root: HeldProcess): void {
    const { membersMax } = this.#options.limits;
    if (this.members.size < membersMax || this.members.known(root.pid) !== undefined) return;
    throw new Refusal('limitReached', `the server watches ${String(membersMax)} processes, the most that it can`, {
      limit: 'membersMax',
    });
  }

  #newLease(uid: number, root: HeldProcess, terms: LeaseTerms, parent: Lease | undefined): Lease {
    const { clock, newLeaseId } = this.#options;
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

  #grant(lease: Lease, root: HeldProcess, around: Coverage): Registration {
    startDeadlines(lease, this.#options.clock.monotonicMs());
    this.#index.add(lease);
    if (lease.terms.scope === 'tree') this.membership.treeGrew();
    const { member, isNew } = this.members.cover(root, [lease, ...around.asSender], around.leases, this.membership.version);
    if (!isNew) root.close();
    this.#options.events.joined(member, isNew);
    this.#schedule(lease);
    return {
      lease,
      member,
      isNew: true,
      undo: () => {
        this.drop(lease, 'revoked');
      },
    };
  }

  #changeTerms(lease: Lease, terms: LeaseTerms): Registration {
    const before = {
      terms: lease.terms,
      deadlineMs: lease.deadlineMs,
      maxDeadlineMs: lease.maxDeadlineMs,
      warned: lease.warned,
    };
    this.#index.checkMarker(terms.markerDigest, lease);
    this.#setTerms(lease, terms);
    startDeadlines(lease, this.#options.clock.monotonicMs());
    lease.renewedWallMs = this.#options.clock.wallMs();
    this.#schedule(lease);
    const member = this.members.known(lease.rootPid);
    if (member === undefined) throw new Refusal('processNotFound', `no process has pid ${String(lease.rootPid)}`);
    return {
      lease,
      member,
      isNew: false,
      undo: () => {
        if (lease.state !== 'active') return;
        this.#setTerms(lease, before.terms);
        Object.assign(lease, before);
        this.#schedule(lease);
      },
    };
  }

  #setTerms(lease: Lease, terms: LeaseTerms): void {
    const was = lease.terms;
    this.#index.moveMarker(lease, terms.markerDigest);
    lease.terms = terms;
    if (was.scope === terms.scope) return;
    if (terms.scope === 'tree') this.membership.treeGrew();
    else this.#shrinkToRoot(lease);
  }

  #shrinkToRoot(lease: Lease): void {
    for (const member of lease.members.items()) {
      const isRoot = member.pid === lease.rootPid && member.startTicks === lease.rootStartTicks;
      if (!isRoot) this.members.uncover(member, lease);
    }
  }

  /**
   * The heartbeat.
   *
   * @param ttlMs from now on; undefined keeps it
   */
  renew(lease: Lease, ttlMs?: number): void {
    if (ttlMs !== undefined) lease.terms = Object.freeze({ ...lease.terms, ttlMs });
    lease.renewedWallMs = this.#options.clock.wallMs();
    renewDeadline(lease, this.#options.clock.monotonicMs());
    if (ttlMs !== undefined) this.#schedule(lease);
  }

  /** Ends an active lease; does nothing to one that has ended. */
  end(lease: Lease, end: LeaseEnd): void {
    if (lease.state !== 'active') return;
    this.drop(lease, end);
    this.#options.events.ended(lease, end);
  }

  /** Ends a lease of which no member is left. */
  endIfEmpty(lease: Lease): void {
    if (lease.members.size === 0) this.end(lease, 'exited');
  }

  /** A member's process has exited. Does nothing where that is known. */
  exited(member: Member): void {
    for (const lease of this.members.exited(member)) {
      if (lease.members.size > 0) continue;
      if (lease.terms.markerDigest !== null && lease.terms.scope === 'tree') this.#options.events.emptied(lease);
      else this.end(lease, 'exited');
    }
  }

  /** Ends a lease without telling of it: whoever calls this has written it down already. */
  drop(lease: Lease, end: LeaseEnd): void {
    if (lease.state !== 'active') return;
    lease.state = end;
    lease.endedWallMs = this.#options.clock.wallMs();
    this.#index.delete(lease);
    for (const member of lease.members.items()) this.members.uncover(member, lease);
  }

  /** The earliest moment (CLOCK_MONOTONIC, ms) at which `tick` has something to do; Infinity: never. */
  get nextDeadlineMs(): number {
    return this.#deadlines.nextMs;
  }

  /** Acts on every deadline that has come. Deadlines that moved meanwhile are put back. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (let dueMs = this.#deadlines.nextMs; dueMs <= nowMs; dueMs = this.#deadlines.nextMs) {
      const lease = this.#deadlines.pop();
      if (lease?.state !== 'active' || lease.scheduledMs !== dueMs) continue;
      lease.scheduledMs = Infinity;
      if (lease.deadlineMs <= nowMs || lease.maxDeadlineMs <= nowMs) this.end(lease, 'expired');
      else this.#warnOrWait(lease, nowMs);
    }
  }

  #warnOrWait(lease: Lease, nowMs: number): void {
    if (!lease.warned && warningMs(lease) <= nowMs) {
      lease.warned = true;
      this.#options.events.expiring(lease);
    }
    this.#schedule(lease);
  }

  /** An entry that comes too early is looked at and put back; so only an earlier deadline needs a new one. */
  #schedule(lease: Lease): void {
    const dueMs = nextDeadlineMs(lease);
    if (dueMs >= lease.scheduledMs) return;
    lease.scheduledMs = dueMs;
    this.#deadlines.push(lease, dueMs);
    if (this.#deadlines.size <= 2 * this.#index.size + 64) return;
    this.#deadlines.compact((one, timeMs) => one.state === 'active' && one.scheduledMs === timeMs);
  }

  /**
   * Puts back a lease that an earlier server granted, with those of its members that still live.
   *
   * @param lease as it was persisted, with its deadlines
   * @param members its live processes, held
   */
  restore(lease: Lease, members: readonly { readonly held: HeldProcess; readonly byMarker: boolean }[]): void {
    this.#index.add(lease);
    this.membership.treeGrew();
    for (const { held, byMarker } of members) {
      const covered = this.members.cover(held, byMarker ? [] : [lease], byMarker ? [lease] : [], 0);
      if (covered.isNew) this.#options.events.joined(covered.member, true);
      else held.close();
    }
    this.#schedule(lease);
  }
}
