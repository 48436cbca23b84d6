import type { LeaseTable } from '#core/lease-table.ts';
import type { Member } from '#core/lease.ts';
import { oomScoreAdjustOf, setOomScoreAdjust } from '#linux/protector/oom-score.ts';
import { listPids } from '#linux/process-list.ts';
import { machine, type Held } from '../machine.ts';
import { tryRead } from '../try-read.ts';

/**
 * The mark of the shield: the kernel picks everybody else first, and unlike at -1000 somebody can still be picked when
 * nobody else is left. Services have round numbers and those near -1000 (containerd, kubelet); what carries this one was
 * shielded by an omnid, or inherited it.
 */
export const shieldedScore = -961;
/** What a process has that was never touched. */
const ordinaryScore = 0;
/** How often those are looked for who inherited it and are no members. */
const sweepMs = 30_000;

/**
 * Has the kernel's OOM killer pass over members of leases, and gives back what they had when their lease ends. What a
 * member starts inherits the value; it is a member too. Needs CAP_SYS_RESOURCE.
 */
export class Shield {
  readonly #leases: LeaseTable;
  /** What each had before, by member. */
  readonly #before = new Map<Member, number>();
  readonly #stopListening: () => void;
  #isUp = false;
  #mayNot = false;
  #sweepsSoon = false;
  #sweptMs = -Infinity;

  constructor(leases: LeaseTable) {
    this.#leases = leases;
    this.#stopListening = leases.protectedSet.listen(({ kind, member }) => {
      if (kind === 'removed') this.#uncover(member);
      else if (this.#isUp) this.#cover(member);
    });
  }

  get size(): number {
    return this.#before.size;
  }

  /** The kernel refuses it: there is no use in trying. */
  get isRefused(): boolean {
    return this.#mayNot;
  }

  /** Covers who is a member, and who becomes one. Call again now and then: strays are looked for. @param nowMs CLOCK_MONOTONIC */
  raise(nowMs: number): void {
    if (this.#mayNot) return;
    // Also the first time: an omnid that crashed may have left some.
    if (nowMs - this.#sweptMs >= sweepMs) {
      this.#sweptMs = nowMs;
      this.sweep();
    }
    if (this.#isUp) return;
    this.#isUp = true;
    for (const member of this.#leases.members.values()) this.#cover(member);
  }

  /** Gives everybody back what they had. */
  lower(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    for (const member of this.#before.keys()) this.#uncover(member);
    this.sweep();
  }

  #cover(member: Member): void {
    if (this.#mayNot || this.#before.has(member)) return;
    const before = oomScoreAdjustOf(member.pid);
    if (before === undefined || before <= -1000) return;
    const held = member.held as Held;
    if (!setOomScoreAdjust(member.pid, held.pidfd, shieldedScore)) {
      this.#mayNot = held.alive();
      return;
    }
    // Inherited, or left by an omnid that crashed: what it had before that is not known.
    this.#before.set(member, before === shieldedScore ? ordinaryScore : before);
  }

  #uncover(member: Member): void {
    const before = this.#before.get(member);
    if (before === undefined) return;
    this.#before.delete(member);
    // Who exits leaves nothing behind that could not wait for the next ordinary sweep.
    if (setOomScoreAdjust(member.pid, (member.held as Held).pidfd, before)) this.#sweepSoon();
  }

  /** Children that were never seen as members inherited it: once for all leases that end in this turn. */
  #sweepSoon(): void {
    if (this.#sweepsSoon) return;
    this.#sweepsSoon = true;
    setImmediate(() => {
      this.#sweepsSoon = false;
      this.sweep();
    });
  }

  /** Takes the mark off whoever carries it and is no member. */
  sweep(): void {
    for (const pid of listPids()) {
      if (oomScoreAdjustOf(pid) !== shieldedScore) continue;
      if (this.#isUp && this.#leases.membership.coverage(pid).leases.length > 0) continue;
      const held = tryRead(() => machine.hold(pid));
      if (held === undefined) continue;
      setOomScoreAdjust(pid, held.pidfd, ordinaryScore);
      held.close();
    }
  }

  close(): void {
    this.#stopListening();
    this.lower();
  }
}
