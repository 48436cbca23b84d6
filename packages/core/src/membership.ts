import type { Lease, Member } from './lease.ts';
import type { Members } from './members.ts';
import type { ProcessEntry, ProcessTable } from './ports.ts';

/** How far up a walk goes: deeper chains than this are a fork bomb, not a job. */
const levelsMax = 4096;

const none: readonly Lease[] = Object.freeze([]);

/** What the walk found of one process. */
export interface Coverage {
  /** Every lease that covers it, innermost first. */
  readonly leases: readonly Lease[];
  /** Those that give it the right of a member as a sender: all but the marker's. */
  readonly asSender: readonly Lease[];
}

export const uncovered: Coverage = { leases: none, asSender: none };

/** Leases by how they were found: by descent, or by a marker somewhere on the way. */
interface Found {
  readonly proven: readonly Lease[];
  readonly marked: readonly Lease[];
}

/** How many members are kept in mind: each costs a pidfd. */
export interface MembershipLimits {
  readonly membersMax: number;
  readonly membersPerLeaseMax: number;
}

/** Active leases by the digest of their marker. */
export type MarkerIndex = ReadonlyMap<string, Lease>;

export interface MembershipEvents {
  /** A process is seen as a member for the first time (`isNew`), or of a further lease. */
  joined(member: Member, isNew: boolean): void;
  /** A member's pidfd says that it has exited, before the watcher did. */
  dead(member: Member): void;
}

/**
 * Who is a member, without the sentinel (design: 2-architecture): walk up from the process at question time. A
 * process once seen as a member stays one. The marker only protects.
 */
export class Membership {
  readonly #table: ProcessTable;
  readonly #members: Members;
  readonly #markers: MarkerIndex;
  readonly #limits: MembershipLimits;
  readonly #events: MembershipEvents;
  #version = 1;

  /**
   * @param table the machine's processes
   * @param members who is known already; grows as members are found
   * @param markers active leases by the digest of their secret
   * @param events told of who is seen for the first time, and of who is found dead
   */
  constructor(table: ProcessTable, members: Members, markers: MarkerIndex, limits: MembershipLimits, events: MembershipEvents) {
    this.#table = table;
    this.#members = members;
    this.#markers = markers;
    this.#limits = limits;
    this.#events = events;
  }

  /** Grows with each new tree lease: what was complete before may lack that one. */
  get version(): number {
    return this.#version;
  }

  treeGrew(): void {
    this.#version += 1;
  }

  /**
   * Which leases cover the process that has this pid now?
   *
   * @param pid who is asked about
   * @param seen its line of the process table, where the caller has just read it
   * @returns its coverage; `uncovered` where there is no such process
   */
  coverage(pid: number, seen?: ProcessEntry): Coverage {
    const known = this.#members.live(pid);
    if (known !== undefined) return this.coverageOf(known, seen);
    const stale = this.#members.known(pid);
    if (stale !== undefined) this.#events.dead(stale);
    const entry = seen ?? this.#table.entry(pid);
    if (entry === undefined) return uncovered;
    const found = this.#find(pid, entry, undefined);
    return found.proven.length + found.marked.length === 0 ? uncovered : this.#join(pid, found);
  }

  /**
   * The same for a member that is known to live.
   *
   * @param member as `Members.live` gave it in this turn
   */
  coverageOf(member: Member, seen?: ProcessEntry): Coverage {
    if (member.resolvedAt === this.#version) return coverageOf(member);
    const entry = seen ?? this.#table.entry(member.pid);
    if (entry === undefined) return uncovered;
    const found = this.#find(member.pid, entry, member);
    const { grew } = this.#members.cover(member.held, found.proven, found.marked, this.#version);
    if (grew) this.#events.joined(member, false);
    return coverageOf(member);
  }

  #find(pid: number, entry: ProcessEntry, known: Member | undefined): Found {
    const { proven, marked } = this.#walk(pid, entry);
    const byMarker = this.#byMarker(pid, entry, known);
    return { proven, marked: union(marked, byMarker) };
  }

  /**
   * Walks towards init, and collects the leases of the members on the way. A parent must have started no later
   * than its child, and the child's ppid is read again after the parent: if the parent died in between, the child
   * has another one now and the step is taken again.
   */
  #walk(pid: number, entry: ProcessEntry): Found {
    let proven = none;
    let marked = none;
    let child = { pid, entry };
    for (let level = 0; level < levelsMax; level += 1) {
      const parent = this.#parentOf(child);
      if (parent === undefined) break;
      const member = this.#members.live(parent.pid);
      if (member !== undefined && member.startTicks === parent.entry.startTicks) {
        const trees = member.leases.filter((lease) => lease.terms.scope === 'tree');
        proven = union(
          proven,
          trees.filter((lease) => !member.markerLeases.includes(lease)),
        );
        marked = union(
          marked,
          trees.filter((lease) => member.markerLeases.includes(lease)),
        );
        if (member.resolvedAt === this.#version) break;
      }
      child = parent;
    }
    return { proven, marked };
  }

  #parentOf(child: { pid: number; entry: ProcessEntry }): { pid: number; entry: ProcessEntry } | undefined {
    let { ppid } = child.entry;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      if (ppid <= 1) return undefined;
      const entry = this.#table.entry(ppid);
      const again = this.#table.entry(child.pid);
      if (again === undefined || again.startTicks !== child.entry.startTicks) return undefined;
      if (again.ppid === ppid) {
        if (entry === undefined || startedAfter(entry, child.entry)) return undefined;
        return { pid: ppid, entry };
      }
      ({ ppid } = again);
    }
    return undefined;
  }

  /** The secret in its environment, if it is the owner's process and started after the grant. */
  #byMarker(pid: number, entry: ProcessEntry, known: Member | undefined): readonly Lease[] {
    if (this.#markers.size === 0 || entry.kernelThread) return none;
    const digest = this.#table.markerDigest(pid);
    const lease = digest === undefined ? undefined : this.#markers.get(digest);
    if (lease === undefined || known?.leases.includes(lease) === true) return none;
    if (this.#table.uids(pid)?.real !== lease.uid) return none;
    return Number(entry.startTicks) >= lease.grantedTicks ? [lease] : none;
  }

  /**
   * Keeps a new member: its pidfd is opened first and everything is read again under it, so that what is kept was
   * said of this process, and not of one that had the pid a moment ago.
   */
  #join(pid: number, seen: Found): Coverage {
    const members = [...seen.proven, ...seen.marked];
    if (!this.#hasRoom(members)) return { leases: members, asSender: seen.proven };
    const held = this.#table.hold(pid);
    if (held === undefined) return uncovered;
    const entry = this.#table.entry(pid);
    const found = entry === undefined ? undefined : this.#find(pid, entry, undefined);
    if (found === undefined || !held.alive() || found.proven.length + found.marked.length === 0) {
      held.close();
      return uncovered;
    }
    const { member, isNew } = this.#members.cover(held, found.proven, found.marked, this.#version);
    if (isNew) this.#events.joined(member, true);
    return coverageOf(member);
  }

  /** Past the bound a process is still protected; it is only not kept in mind. */
  #hasRoom(leases: readonly Lease[]): boolean {
    const { membersMax, membersPerLeaseMax } = this.#limits;
    return this.#members.size < membersMax && leases.every((lease) => lease.members.size < membersPerLeaseMax);
  }
}

function coverageOf(member: Member): Coverage {
  if (member.markerLeases.length === 0) return { leases: member.leases, asSender: member.leases };
  return { leases: member.leases, asSender: member.leases.filter((lease) => !member.markerLeases.includes(lease)) };
}

function union(first: readonly Lease[], more: readonly Lease[]): readonly Lease[] {
  if (first.length === 0) return more;
  const missing = more.filter((lease) => !first.includes(lease));
  return missing.length === 0 ? first : [...first, ...missing];
}

function startedAfter(parent: ProcessEntry, child: ProcessEntry): boolean {
  return Number(parent.startTicks) > Number(child.startTicks);
}
