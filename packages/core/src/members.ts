import { innermostFirst, isRoot, type Lease, type Member } from './lease.ts';
import type { HeldProcess } from './ports.ts';
import type { ProtectedSet } from './protected-set.ts';
import type { RuleCover } from './rules/cover.ts';

const none: readonly Lease[] = Object.freeze([]);

export interface Covered {
  readonly member: Member;
  readonly isNew: boolean;
  /** It got a lease that it did not have, or is covered by descent where only its marker was known. */
  readonly grew: boolean;
}

/**
 * The members of all leases, and those whom rules cover, by pid. A pid has at most one live process; its pidfd tells for certain whether that
 * is still the one we know.
 */
export class Members {
  readonly #byPid = new Map<number, Member>();
  readonly #set: ProtectedSet;
  #foundCount = 0;

  /** @param set what is told of each process that joins, leaves or changes its innermost lease or its rule */
  constructor(set: ProtectedSet) {
    this.#set = set;
  }

  get size(): number {
    return this.#byPid.size;
  }

  /** How many there have ever been: who compares two looks knows whether one was found in between. */
  get foundCount(): number {
    return this.#foundCount;
  }

  values(): IterableIterator<Member> {
    return this.#byPid.values();
  }

  /** The member with this pid, if that process still lives. */
  live(pid: number): Member | undefined {
    const member = this.#byPid.get(pid);
    return member !== undefined && member.held.alive() ? member : undefined;
  }

  /** The member that is on file for the pid, dead or alive. */
  known(pid: number): Member | undefined {
    return this.#byPid.get(pid);
  }

  /**
   * Notes that leases cover a process: adds it, or completes what is on file. A lease that it had stays.
   *
   * @param held the process; kept by the member if it is new, else left to the caller
   * @param found leases that cover it by descent, innermost first
   * @param byMarker leases that cover it by its marker alone
   */
  cover(held: HeldProcess, found: readonly Lease[], byMarker: readonly Lease[], version: number): Covered {
    const known = this.#byPid.get(held.pid);
    if (known !== undefined) {
      const grew = this.#extend(known, found, byMarker, version);
      return { member: known, isNew: false, grew };
    }
    const marked = byMarker.filter((lease) => !found.includes(lease));
    const member: Member = {
      pid: held.pid,
      startTicks: held.startTicks,
      pidfdId: held.pidfdId,
      held,
      leases: [...found, ...marked],
      markerLeases: marked.length === 0 ? none : marked,
      resolvedAt: version,
    };
    this.#byPid.set(held.pid, member);
    this.#foundCount += 1;
    for (const lease of member.leases) lease.members.add(member);
    this.#set.added(member);
    return { member, isNew: true, grew: true };
  }

  /**
   * Notes that a rule covers a process. It stays so for the process' life.
   *
   * @param held the process; kept by the member if it is new, else left to the caller
   */
  coverByRule(held: HeldProcess, cover: RuleCover): Member {
    const known = this.#byPid.get(held.pid);
    if (known !== undefined) {
      known.cover = cover;
      this.#set.changed(known);
      return known;
    }
    const { pid, startTicks, pidfdId } = held;
    const member: Member = { pid, startTicks, pidfdId, held, leases: none, markerLeases: none, resolvedAt: 0, cover };
    this.#byPid.set(pid, member);
    this.#set.added(member);
    return member;
  }

  /** A lease that is not found any more, because a parent has exited, is inside those that are. */
  #extend(member: Member, found: readonly Lease[], byMarker: readonly Lease[], version: number): boolean {
    member.resolvedAt = version;
    if (found.length + byMarker.length === 0) return false;
    const { leases: old, markerLeases } = member;
    // Until now a rule alone covered it.
    if (old.length === 0) this.#foundCount += 1;
    const kept = old.filter((lease) => !found.includes(lease) && !markerLeases.includes(lease));
    const proven = innermostFirst([...kept, ...found]);
    const marked = [...new Set([...markerLeases, ...byMarker])].filter((lease) => !proven.includes(lease));
    member.leases = [...proven, ...marked];
    member.markerLeases = marked.length === 0 ? none : marked;
    for (const lease of member.leases) lease.members.add(member);
    if (member.leases[0] !== old[0]) this.#set.changed(member);
    return member.leases.length > old.length || markerLeases.some((lease) => !marked.includes(lease));
  }

  /** Takes a lease off a member; a member that nothing covers any more is let go. */
  uncover(member: Member, lease: Lease): void {
    if (!member.leases.includes(lease)) return;
    const innermost = member.leases[0];
    member.leases = member.leases.filter((other) => other !== lease);
    if (member.markerLeases.includes(lease)) {
      member.markerLeases = member.markerLeases.filter((other) => other !== lease);
    }
    lease.members.delete(member);
    if (member.leases.length === 0 && member.cover === undefined) this.#forget(member);
    else if (member.leases[0] !== innermost) this.#set.changed(member);
  }

  /** The process has exited. @returns the leases that it was in */
  exited(member: Member): readonly Lease[] {
    if (this.#byPid.get(member.pid) !== member) return none;
    const { leases } = member;
    for (const lease of leases) {
      lease.members.delete(member);
      if (isRoot(lease, member)) lease.rootAlive = false;
    }
    this.#forget(member);
    return leases;
  }

  #forget(member: Member): void {
    this.#byPid.delete(member.pid);
    this.#set.removed(member);
    member.held.close();
  }
}

/** The leases that cover a member by descent. */
export function provenOf(member: Member | undefined): readonly Lease[] {
  return member === undefined ? [] : member.leases.filter((lease) => !member.markerLeases.includes(lease));
}
