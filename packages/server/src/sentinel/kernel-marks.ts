import type { Lease, Member } from '#core/lease.ts';
import type { KernelMark } from '#core/ports.ts';
import type { RuleCover } from '#core/rules/cover.ts';
import { signalsOf } from '#core/signal-set.ts';
import { guardNsMax, type GuardMode, type KernelLease } from '#linux/sentinel/lease-terms.ts';
import type { Pidfd } from '#linux/pidfd.ts';
import type { MarkLimits } from '#linux/sentinel/marks.ts';
import type { Sentinel } from '#linux/sentinel/sentinel.ts';
import { clock, monotonicNs, type Held } from '../machine.ts';
import { GuardRoom } from './guard-room.ts';
import { leaseNumber } from './lease-number.ts';
import { RuleMarks } from './rule-marks.ts';
import type { Unguarded } from './unguarded.ts';

/** A mark without a guard harms nobody, even where its server never returns. */
const noEndNs = 2n ** 63n;
/** An ended lease leads to the one that it was taken inside of, for as long as a process may still have its mark. */
const endedMs = 60_000;

/** What a server's guard does. */
export interface GuardTerms {
  /** `off`: there is none. */
  readonly mode: GuardMode;
  readonly processesPerUidMax: number;
  /** Users whose processes a rule guards. */
  readonly ruleUids: ReadonlySet<number>;
}

/**
 * Leases as the kernel side knows them, by number. A process has the mark of its innermost lease; what it forks has it
 * from its first instruction on. Where there is a guard, a lease that asks for it has its signals refused.
 */
export class KernelMarks {
  readonly room: GuardRoom;
  readonly #sentinel: Sentinel;
  readonly #rules: RuleMarks;
  readonly #mode: GuardMode;
  readonly #onNoRoom: (one: Unguarded) => void;
  readonly #numbers = new Map<Lease, bigint>();
  readonly #leases = new Map<bigint, Lease>();
  readonly #guarded = new Set<Lease>();
  readonly #ended = new Map<bigint, { readonly lease: Lease; readonly atMs: number }>();

  /** @param onNoRoom told of a process that is not guarded, for its lease's owner has as many as may be */
  constructor(sentinel: Sentinel, guard: GuardTerms, onNoRoom: (one: Unguarded) => void) {
    this.#sentinel = sentinel;
    this.#mode = guard.mode;
    this.#onNoRoom = onNoRoom;
    this.room = new GuardRoom(guard.processesPerUidMax);
    const { mode, ruleUids: guardUids } = guard;
    this.#rules = new RuleMarks(sentinel, { mode, guardUids, room: this.room, onNoRoom });
  }

  /** The lease that has this number; where it is over, the innermost around it that is active. */
  leaseOf(number: bigint | undefined): Lease | undefined {
    if (number === undefined) return undefined;
    let lease = this.#leases.get(number) ?? this.#ended.get(number)?.lease;
    while (lease !== undefined && lease.state !== 'active') lease = lease.parent;
    return lease;
  }

  /** The active lease that a process is marked with. */
  markOf(pidfd: number): KernelMark | undefined {
    const mark = this.#sentinel.readMark(pidfd);
    const lease = this.leaseOf(mark?.leaseNumber);
    return lease === undefined ? undefined : { lease, carrier: mark?.carrier === true };
  }

  /** What rules cover a process by, that has such a mark. */
  coverOf(pidfd: number): RuleCover | undefined {
    return this.#rules.coverOf(pidfd);
  }

  /** A lease is granted, or has new terms. */
  set(lease: Lease): void {
    const wasGuarded = this.#guarded.has(lease);
    if (lease.terms.guard && this.#mode !== 'off') this.#guarded.add(lease);
    else this.#guarded.delete(lease);
    this.#sentinel.setLease(this.#numberOf(lease), this.#terms(lease));
    if (wasGuarded !== this.#guarded.has(lease)) for (const member of lease.members.items()) this.mark(member);
  }

  /** A process joined the protected set, or has another innermost lease. Where it has none, its rule counts. */
  mark(member: Member): void {
    const [lease] = member.leases;
    if (lease === undefined) {
      if (member.cover !== undefined) this.#rules.mark(member, member.cover);
      return;
    }
    this.#rules.leave(member);
    if (!this.#numbers.has(lease)) this.set(lease);
    this.#sentinel.mark((member.held as Held).pidfd.fd, this.#numberOf(lease), this.#limits(member, lease));
  }

  #limits(member: Member, innermost: Lease): MarkLimits {
    const guarding = member.leases.find((lease) => this.#guarded.has(lease));
    const limits = { carrier: member.markerLeases.includes(innermost) };
    if (guarding === undefined) this.room.give(member);
    else if (!this.room.take(member, guarding.uid)) {
      this.#onNoRoom({ member, uid: guarding.uid, by: guarding });
      return { ...limits, unguarded: true };
    }
    return limits;
  }

  /** It left the protected set. Its mark stays until `unmark`, and is that of a lease that is over. */
  leave(member: Member): void {
    this.room.give(member);
    this.#rules.leave(member);
  }

  /** Takes the mark of a process away, where it lives. */
  unmark(pidfd: Pidfd): void {
    if (pidfd.alive()) this.#sentinel.unmark(pidfd.fd);
  }

  /** A lease is over: one call, however many processes have its mark. */
  end(lease: Lease): void {
    const number = this.#numbers.get(lease);
    if (number === undefined) return;
    this.#sentinel.endLease(number);
    this.#numbers.delete(lease);
    this.#leases.delete(number);
    this.#guarded.delete(lease);
    this.#ended.set(number, { lease, atMs: clock.monotonicMs() });
  }

  /** Gives guarded leases a further ten minutes, and forgets those that have been over for long. Call it every few minutes. */
  refresh(): void {
    this.#rules.refresh();
    for (const lease of this.#guarded) this.#sentinel.setLease(this.#numberOf(lease), this.#terms(lease));
    const beforeMs = clock.monotonicMs() - endedMs;
    for (const [number, { atMs }] of this.#ended) {
      if (atMs > beforeMs) break;
      this.#ended.delete(number);
      this.#sentinel.forgetLease(number);
    }
  }

  /** Ends what an earlier server left of leases that are over by now. */
  endUnknown(): void {
    for (const number of this.#sentinel.leaseNumbers()) {
      if (this.#leases.has(number) || this.#ended.has(number) || this.#rules.has(number)) continue;
      this.#sentinel.endLease(number);
      this.#sentinel.forgetLease(number);
    }
  }

  #numberOf(lease: Lease): bigint {
    const known = this.#numbers.get(lease);
    if (known !== undefined) return known;
    const number = leaseNumber(lease.id);
    this.#numbers.set(lease, number);
    this.#leases.set(number, lease);
    return number;
  }

  #terms(lease: Lease): KernelLease {
    const { parent, terms } = lease;
    const parentNumber = parent?.state === 'active' ? this.#numberOf(parent) : undefined;
    const isGuarded = this.#guarded.has(lease);
    return {
      endNs: isGuarded ? guardEndNs(lease) : noEndNs,
      forbiddenSignals: signalsOf(terms.forbidden),
      mode: isGuarded ? this.#mode : 'off',
      strict: terms.strict,
      processOnly: terms.scope === 'process',
      ...(parentNumber === undefined ? {} : { parentNumber }),
    };
  }
}

/** Ten minutes from now, or where the lease's `maxMs` ends it, if that is sooner. The server ends what a heartbeat does not renew. */
function guardEndNs({ maxDeadlineMs }: Lease): bigint {
  const endNs = monotonicNs() + guardNsMax;
  const leaseEndNs = maxDeadlineMs === Infinity ? endNs : BigInt(Math.ceil(maxDeadlineMs * 1e6));
  return leaseEndNs < endNs ? leaseEndNs : endNs;
}
