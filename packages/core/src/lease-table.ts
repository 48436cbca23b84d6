import { Admission, type LeaseTableLimits } from './admission.ts';
import { isRoot, renewDeadline, startDeadlines, type Lease, type LeaseEnd, type LeaseTerms, type Member } from './lease.ts';
import { LeaseDeadlines } from './lease-deadlines.ts';
import { LeaseIndex } from './lease-index.ts';
import { Members, provenOf } from './members.ts';
import { Membership, type Coverage } from './membership.ts';
import type { Clock, HeldProcess, ProcessTable } from './ports.ts';
import { ProtectedSet } from './protected-set.ts';
import { newLease } from './new-lease.ts';
import { Refusal } from './refusal.ts';
import { TermsSetter } from './terms-setter.ts';

/** Told of what the table does by itself; the server writes rows, logs and notifies. */
export interface LeaseTableEvents {
  /** A process was seen as a member: for the first time (`isNew`: watch its exit), or of a further lease. Persist it. */
  joined(member: Member, isNew: boolean): void;
  /** A lease is over, whoever ended it. Its members are let go after this. */
  over?(lease: Lease): void;
  /** A lease was ended by the table itself. Its members are already let go. */
  ended(lease: Lease, end: LeaseEnd): void;
  /** A tenth of `maxMs` is left. */
  expiring(lease: Lease): void;
  /** The last known member is gone, and there may be others (a marker, the kernel's word): look, then call `endIfEmpty`. */
  emptied(lease: Lease): void;
}

export interface LeaseTableOptions {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly limits: LeaseTableLimits;
  readonly events: LeaseTableEvents;
  /** Larger than any generation that an earlier server gave. */
  readonly generation: number;
  readonly newLeaseId: () => string;
  /** The kernel tells of forks: its word of one may still be on its way when a parent has exited. */
  readonly seesForks?: boolean;
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
  readonly #deadlines = new LeaseDeadlines();
  readonly #admission: Admission;
  readonly #terms: TermsSetter;
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
    this.#admission = new Admission(this.#index, this.members, options.limits);
    this.#terms = new TermsSetter({
      ...options,
      index: this.#index,
      members: this.members,
      membership: this.membership,
      cover: (held, proven, byMarker) => this.#cover(held, proven, byMarker),
      schedule: (lease) => {
        this.#schedule(lease);
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
   * @throws Refusal processNotFound, leaseHeldByOther, limitReached, invalidParams
   */
  register(uid: number, root: HeldProcess, terms: LeaseTerms): Registration {
    let around: Coverage;
    let own: Lease | undefined;
    try {
      around = this.membership.coverage(root.pid, root.entry());
      own = this.#admission.check(uid, root, terms, around.leases);
    } catch (error) {
      root.close();
      throw error;
    }
    if (own === undefined)
      return this.#grant(newLease({ ...this.#options, uid, root, terms, parent: around.leases[0] }), root, around);
    root.close();
    return this.#changeTerms(own, terms);
  }

  #grant(lease: Lease, root: HeldProcess, around: Coverage): Registration {
    startDeadlines(lease, this.#options.clock.monotonicMs());
    this.#index.add(lease);
    if (lease.terms.scope === 'tree') this.membership.treeGrew();
    const { member, isNew } = this.members.cover(root, [lease, ...around.asSender], around.leases, this.membership.version);
    if (!isNew) root.close();
    const undo = (): void => {
      this.drop(lease, 'revoked');
    };
    try {
      this.#options.events.joined(member, isNew);
    } catch (error) {
      undo();
      throw error;
    }
    this.#schedule(lease);
    return { lease, member, isNew: true, undo };
  }

  #changeTerms(lease: Lease, terms: LeaseTerms): Registration {
    const member = this.members.known(lease.rootPid);
    if (member === undefined) throw new Refusal('processNotFound', `no process has pid ${String(lease.rootPid)}`);
    return { lease, member, isNew: false, undo: this.#terms.change(lease, terms) };
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
      const mayHaveOthers = this.#options.seesForks === true || lease.terms.markerDigest !== null;
      if (mayHaveOthers && lease.terms.scope === 'tree') this.#options.events.emptied(lease);
      else this.end(lease, 'exited');
    }
  }

  /** Ends a lease without telling of it: whoever calls this has written it down already. */
  drop(lease: Lease, end: LeaseEnd): void {
    if (lease.state !== 'active') return;
    lease.state = end;
    lease.endedWallMs = this.#options.clock.wallMs();
    this.#index.delete(lease);
    this.#options.events.over?.(lease);
    for (const member of lease.members.items()) this.members.uncover(member, lease);
    this.#deadlines.compact(this.#index.size);
  }

  /** The earliest moment (CLOCK_MONOTONIC, ms) at which `tick` has something to do; Infinity: never. */
  get nextDeadlineMs(): number {
    return this.#deadlines.nextMs;
  }

  /** Acts on every deadline that has come. */
  tick(): void {
    this.#deadlines.tick(this.#options.clock.monotonicMs(), {
      expired: (lease) => {
        this.end(lease, 'expired');
      },
      expiring: (lease) => {
        this.#options.events.expiring(lease);
      },
    });
  }

  #schedule(lease: Lease): void {
    this.#deadlines.schedule(lease);
    this.#deadlines.compact(this.#index.size);
  }

  /**
   * Puts back a lease that an earlier server granted, with those of its members that still live. A lease that it was
   * taken inside of comes before it.
   *
   * @param lease as it was persisted, with its deadlines
   * @param members its live processes, held; the table keeps what it needs, and closes the others
   */
  restore(lease: Lease, members: readonly { readonly held: HeldProcess; readonly byMarker: boolean }[]): void {
    this.#index.add(lease);
    this.membership.treeGrew();
    lease.rootAlive = members.some(({ held }) => isRoot(lease, held));
    for (const { held, byMarker } of members) {
      // Those of before it shrank to its root may be on file still.
      const isMember = lease.terms.scope === 'tree' || isRoot(lease, held);
      const proven = [lease, ...provenOf(this.members.known(held.pid))];
      const member = isMember ? this.#cover(held, byMarker ? [] : proven, byMarker ? [lease] : []) : undefined;
      if (member?.held !== held) held.close();
    }
    this.#schedule(lease);
  }

  /** Leases cover a process, as is on file already; whatever else is to be known of it, the next look finds. */
  #cover(held: HeldProcess, proven: readonly Lease[], byMarker: readonly Lease[]): Member {
    const { member, isNew } = this.members.cover(held, proven, byMarker, 0);
    if (isNew) this.#options.events.joined(member, true);
    return member;
  }
}
