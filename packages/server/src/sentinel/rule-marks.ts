import { createHash } from 'node:crypto';
import type { Member } from '#core/lease.ts';
import type { RuleCover } from '#core/rules/cover.ts';
import { forbiddenByDefault, signalsOf } from '#core/signal-set.ts';
import { guardNsMax, type GuardMode } from '#linux/sentinel/lease-terms.ts';
import type { Sentinel } from '#linux/sentinel/sentinel.ts';
import { clock, monotonicNs, type Held } from '../machine.ts';
import type { GuardRoom } from './guard-room.ts';
import type { Unguarded } from './unguarded.ts';

/** A mark without a guard harms nobody. */
const noEndNs = 2n ** 63n;
/** What a tree forked last may have its number still, and not be a member yet. */
const endedMs = 60_000;
/** The numbers of leases have no such bit: see lease-number.ts. */
const ruleBit = 2n ** 61n;

/** Where the guard holds for rules, and what it may take. */
export interface RuleGuard {
  readonly mode: GuardMode;
  /** Users whose processes a rule guards, where it covers them: a rule alone is advice. */
  readonly guardUids: ReadonlySet<number>;
  readonly room: GuardRoom;
  onNoRoom(one: Unguarded): void;
}

interface Tree {
  readonly cover: RuleCover;
  readonly members: Set<Member>;
  emptyAtMs: number;
}

/**
 * The trees that rules cover, as the kernel knows them: like leases, by a number that a process passes on to what it
 * forks. So a child whose parent is gone at once is found too. A process that a lease covers has the lease's mark.
 */
export class RuleMarks {
  readonly #sentinel: Sentinel;
  readonly #guard: RuleGuard;
  readonly #trees = new Map<bigint, Tree>();
  readonly #numbers = new Map<Member, bigint>();

  constructor(sentinel: Sentinel, guard: RuleGuard) {
    this.#sentinel = sentinel;
    this.#guard = guard;
  }

  has(number: bigint): boolean {
    return this.#trees.has(number);
  }

  /** What covers a process by the mark that it has. */
  coverOf(pidfd: number): RuleCover | undefined {
    const number = this.#sentinel.readMark(pidfd)?.leaseNumber;
    return number === undefined ? undefined : this.#trees.get(number)?.cover;
  }

  /** A rule covers it, and no lease does. */
  mark(member: Member, cover: RuleCover): void {
    const number = this.#numberOf(cover);
    this.#trees.get(number)?.members.add(member);
    this.#numbers.set(member, number);
    this.#sentinel.mark((member.held as Held).pidfd.fd, number, this.#limits(member, cover));
  }

  /** It has another mark now, or is gone. */
  leave(member: Member): void {
    const number = this.#numbers.get(member);
    if (number === undefined) return;
    this.#numbers.delete(member);
    const tree = this.#trees.get(number);
    tree?.members.delete(member);
    if (tree?.members.size === 0) tree.emptyAtMs = clock.monotonicMs();
  }

  /** Gives guarded trees a further ten minutes, and forgets those of which nobody was left for long. */
  refresh(): void {
    const beforeMs = clock.monotonicMs() - endedMs;
    for (const [number, { cover, emptyAtMs, members }] of this.#trees) {
      if (members.size === 0 && emptyAtMs < beforeMs) {
        this.#trees.delete(number);
        this.#sentinel.endLease(number);
        this.#sentinel.forgetLease(number);
      } else if (this.#isGuarded(cover)) this.#set(number, cover);
    }
  }

  #numberOf(cover: RuleCover): bigint {
    const number = numberOf(cover);
    if (this.#trees.has(number)) return number;
    this.#set(number, cover);
    this.#trees.set(number, { cover, members: new Set(), emptyAtMs: 0 });
    return number;
  }

  #set(number: bigint, cover: RuleCover): void {
    const isGuarded = this.#isGuarded(cover);
    this.#sentinel.setLease(number, {
      endNs: isGuarded ? monotonicNs() + guardNsMax : noEndNs,
      forbiddenSignals: signalsOf(forbiddenByDefault),
      mode: isGuarded ? this.#guard.mode : 'off',
      ...(cover.parent === undefined ? {} : { parentNumber: this.#numberOf(cover.parent) }),
    });
  }

  #isGuarded({ rootUid }: RuleCover): boolean {
    return rootUid !== undefined && this.#guard.mode !== 'off' && this.#guard.guardUids.has(rootUid);
  }

  #limits(member: Member, cover: RuleCover): { unguarded?: true } {
    const { room } = this.#guard;
    const { rootUid } = cover;
    if (rootUid === undefined || !this.#isGuarded(cover)) room.give(member);
    else if (!room.take(member, rootUid)) {
      this.#guard.onNoRoom({ member, uid: rootUid, by: cover });
      return { unguarded: true };
    }
    return {};
  }
}

/** The same in each server, so that marks which outlive one mean to the next what they meant before. */
function numberOf({ rule, rootPid, rootStartTicks }: RuleCover): bigint {
  const digest = createHash('sha256')
    .update(`${rule.name} ${String(rootPid)} ${rootStartTicks}`)
    .digest('hex');
  return ruleBit | BigInt(`0x${digest.slice(0, 15)}`);
}
