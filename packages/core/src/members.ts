import type { Lease, Member } from './lease.ts';
import type { HeldProcess } from './ports.ts';
import type { ProtectedSet } from './protected-set.ts';

const none: readonly Lease[] = Object.freeze([]);

export interface Covered {
  readonly member: Member;
  readonly isNew: boolean;
  readonly grew: boolean;
}

/**
 * The members of all leases, by pid. A pid has at most one live process; its pidfd tells for certain whether that
 * is still the one we know.
 */
export class Members {
  readonly #byPid = new Map<number, Member>();
  readonly #set: ProtectedSet;

  /** @param set what is told of each process that joins, leaves or changes its innermost lease */
  constructor(set: ProtectedSet) {
    this.#set = set;
  }

  get size(): number {
    return this.#byPid.size;
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
   * @returns the member, whether it is new, and whether it got a lease that it did not have
   */
  cover(held: HeldProcess, found: readonly Lease[], byMarker: readonly Lease[], version: number): Covered {
    const known = this.#byPid.get(held.pid);
    if (known !== undefined) {
      const grew = this.#extend(known, found, byMarker, version);
      return { member: known, isNew: false, grew };
    }
    const markerOnly = byMarker.filter((lease) => !found.includes(lease));
    const member: Member = {
      pid: held.pid,
      startTicks: held.startTicks,
      pidfdId: held.pidfdId,
      held,
      leases: [...found, ...markerOnly],
      markerLeases: markerOnly.length === 0 ? none : markerOnly,
      resolvedAt: version,
    };
    this.#byPid.set(held.pid, member);
    for (const lease of member.leases) lease.members.add(member);
    this.#set.added(member);
    return { member, isNew: true, grew: true };
  }

  #extend(member: Member, found: readonly Lease[], byMarker: readonly Lease[], version: number): boolean {
    member.resolvedAt = version;
    const old = member.leases;
    const missing = [...found, ...byMarker].filter((lease) => !old.includes(lease));
    const proven = member.markerLeases.filter((lease) => !found.includes(lease));
    if (proven.length !== member.markerLeases.length) member.markerLeases = proven.length === 0 ? none : proven;
    if (missing.length === 0) return false;
    const inOrder = [...found, ...old.filter((lease) => !found.includes(lease))];
    const byMarkerOnly = byMarker.filter((lease) => !inOrder.includes(lease));
    member.leases = [...inOrder, ...byMarkerOnly];
    if (byMarkerOnly.length > 0) member.markerLeases = [...member.markerLeases, ...byMarkerOnly];
    for (const lease of missing) lease.members.add(member);
    if (member.leases[0] !== old[0]) this.#set.changed(member);
    return true;
  }

  /** Takes a lease off a member; a member without leases is let go. */
  uncover(member: Member, lease: Lease): void {
    if (!member.leases.includes(lease)) return;
    const innermost = member.leases[0];
    member.leases = member.leases.filter((other) => other !== lease);
    if (member.markerLeases.includes(lease)) {
      member.markerLeases = member.markerLeases.filter((other) => other !== lease);
    }
    lease.members.delete(member);
    if (member.leases.length === 0) this.#forget(member);
    else if (member.leases[0] !== innermost) this.#set.changed(member);
  }

  /** The process has exited. @returns the leases that it was in */
  exited(member: Member): readonly Lease[] {
    if (this.#byPid.get(member.pid) !== member) return none;
    const { leases } = member;
    for (const lease of leases) {
      lease.members.delete(member);
      if (member.pid === lease.rootPid && member.startTicks === lease.rootStartTicks) lease.rootAlive = false;
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
