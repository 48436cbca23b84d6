import { innermostFirst, type Lease, type Member } from './lease.ts';
import type { Covered, Members } from './members.ts';
import { Steps } from './parent.ts';
import type { HeldProcess, ProcessEntry, ProcessTable } from './ports.ts';

/**
 * How far up a walk goes: deeper chains than this are a fork bomb, not a job. Each level is two reads of /proc while
 * every other caller waits.
 */
const levelsMax = 512;

/**
 * How many leases one process is covered by, the innermost ones. `depthMax` bounds those that are taken from the
 * outside inwards; a chain of processes that take theirs from the inside outwards would have no bound.
 */
export const leasesPerProcessMax = 32;

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
  /** The marker is the process's own. */
  readonly carries: boolean;
}

/** What whoever looks knows already. */
interface Finding {
  /** The process, held. */
  readonly held?: HeldProcess;
  /** Is the secret in its environment to be looked for? */
  readonly readsMarker?: boolean;
}

/** How a process is taken in. */
interface Taking {
  /** Its parent, where it has that one's environment. */
  readonly sameAs?: number | undefined;
  /** Only where there is room to keep it in mind. */
  readonly mustFit?: boolean;
}

const nothing: Found = { proven: none, marked: none, carries: false };

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
 * Who is a member (design: 2-architecture): walk up from the process at question time. A process once seen as a member
 * stays one. The marker only protects. With the sentinel the kernel's mark finds who was re-parented, too.
 */
export class Membership {
  readonly #table: ProcessTable;
  /** The way up, shared: whoever else walks in the same turn takes no step twice. */
  readonly steps: Steps;
  readonly #members: Members;
  readonly #markers: MarkerIndex;
  readonly #limits: MembershipLimits;
  readonly #events: MembershipEvents;
  #version = 1;
  /** The version at which the kernel had marked every member there was. */
  #allMarkedAt = 0;
  /** Has there been a member without room? */
  #isFull = false;

  /**
   * @param table the machine's processes
   * @param members who is known already; grows as members are found
   * @param markers active leases by the digest of their secret
   * @param events told of who is seen for the first time, and of who is found dead
   */
  constructor(table: ProcessTable, members: Members, markers: MarkerIndex, limits: MembershipLimits, events: MembershipEvents) {
    this.#table = table;
    this.steps = new Steps(table);
    this.#members = members;
    this.#markers = markers;
    this.#limits = limits;
    this.#events = events;
  }

  /** Grows with each new tree lease, and each new marker: what was complete before may lack that one. */
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
   * @param seen its line of the process table, where the caller has just read it, in this same turn and nothing in between
   * @returns its coverage; `uncovered` where there is no such process
   */
  coverage(pid: number, seen?: ProcessEntry): Coverage {
    const known = this.#members.live(pid);
    if (known !== undefined) return this.coverageOf(known, seen);
    const stale = this.#members.known(pid);
    if (stale !== undefined) this.#events.dead(stale);
    const entry = seen ?? this.#table.entry(pid);
    const found = entry === undefined ? nothing : this.#find(pid, entry, undefined);
    return found === nothing ? uncovered : this.#join(pid, found);
  }

  /**
   * The same for a member that is known to live. It stays one whatever the walk finds: it can only get further leases.
   *
   * @param member as `Members.live` gave it in this turn
   */
  coverageOf(member: Member, seen?: ProcessEntry): Coverage {
    if (member.resolvedAt === this.#version) return coverageOf(member);
    const entry = seen ?? member.held.entry();
    if (entry !== undefined) {
      const found = this.#find(member.pid, entry, member, { held: member.held });
      // Alive after it was looked up: what was found is its own, and not of another that has its pid.
      if (member.held.alive() && this.#cover(member.held, found).grew) this.#events.joined(member, false);
    }
    return coverageOf(member);
  }

  #find(pid: number, entry: ProcessEntry, known: Member | undefined, { held, readsMarker = true }: Finding = {}): Found {
    const { proven, marked } = this.#walk(pid, entry, held);
    const byMarker = readsMarker ? this.#byMarker(pid, entry, known) : none;
    if (proven.length + marked.length + byMarker.length === 0) return nothing;
    const all = outwards(marked, byMarker).filter((lease) => !proven.includes(lease));
    const fits = hasPlace(known?.leases ?? none);
    return { proven: proven.filter(fits), marked: all.filter(fits), carries: byMarker.some((lease) => all.includes(lease)) };
  }

  /** Collects the leases of the members towards init, or, where the kernel has marked them all, what it says. */
  #walk(pid: number, entry: ProcessEntry, held: HeldProcess | undefined): Pick<Found, 'proven' | 'marked'> {
    const around = this.#allMarkedAt === this.#version ? this.#ofParent(entry) : this.#ofAncestors(pid, entry);
    let { proven, marked } = around;
    const byKernel = this.#table.markedLease?.(pid, held);
    if (byKernel?.carrier === true) marked = outwards(chainOf(byKernel.lease), marked);
    else if (byKernel !== undefined && !proven.includes(byKernel.lease)) proven = outwards(chainOf(byKernel.lease), proven);
    return { proven: innermostFirst(proven), marked };
  }

  /** Every step is taken by reading /proc. */
  #ofAncestors(pid: number, entry: ProcessEntry): Around {
    let around = nobody;
    let child = { pid, entry };
    for (let level = 0; level < levelsMax; level += 1) {
      const parent = this.steps.parentOf(child, level === 0);
      if (parent === undefined) break;
      const member = this.#members.live(parent.pid);
      if (member !== undefined && member.startTicks === parent.entry.startTicks) {
        around = further(around, member);
        if (member.resolvedAt === this.#version) break;
      }
      child = parent;
    }
    return around;
  }

  /** A member that lives, is older, and has the pid that was read as the parent's is the parent. */
  #ofParent({ ppid, startTicks }: ProcessEntry): Around {
    const parent = this.#members.live(ppid);
    if (parent === undefined || Number(parent.startTicks) > Number(startTicks)) return nobody;
    return further(nobody, parent);
  }

  /**
   * The kernel marks whatever a marked process forks, and a look through the whole process table that began at this version
   * has found no member that was new: all are marked, and nobody need be looked for any more.
   */
  allMarked(version: number): void {
    // Whoever had no room was not marked, and is found by walking alone.
    if (!this.#isFull) this.#allMarkedAt = version;
  }

  /** The secret in its environment, if it is the owner's process and started after the grant. */
  #byMarker(pid: number, entry: ProcessEntry, known: Member | undefined): readonly Lease[] {
    if (this.#markers.size === 0 || entry.kernelThread) return none;
    const digest = this.#table.markerDigest(pid);
    const lease = digest === undefined ? undefined : this.#markers.get(digest);
    if (lease?.terms.scope !== 'tree' || known?.leases.includes(lease) === true) return none;
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
    const member = this.#take(held, () => this.#table.entry(pid));
    if (member !== undefined) return coverageOf(member);
    held.close();
    return uncovered;
  }

  /**
   * Takes in a process that the kernel says was forked in a tree: it is held before anything is asked of it, so that all
   * is asked once.
   *
   * @param held the process, taken in this turn and nothing in between; kept by the member, closed where this throws, else left to the caller
   * @param sameAs who forked it, where it runs the same program still: it has that one's environment
   * @returns undefined where it is gone, no lease covers it, or there is no room to keep it in mind
   */
  takeForked(held: HeldProcess, sameAs: number | undefined): Member | undefined {
    return this.#take(held, () => held.taken, { sameAs, mustFit: true });
  }

  #take(held: HeldProcess, readEntry: () => ProcessEntry | undefined, how: Taking = {}): Member | undefined {
    let found: Found;
    try {
      found = this.#findHeld(held, readEntry(), how);
    } catch (error) {
      held.close();
      throw error;
    }
    if (found === nothing) return undefined;
    const { member } = this.#cover(held, found);
    this.#tellNew(member);
    return member;
  }

  /** @returns nothing too where it is gone, or does not fit */
  #findHeld(held: HeldProcess, entry: ProcessEntry | undefined, { sameAs, mustFit = false }: Taking): Found {
    if (entry === undefined) return nothing;
    const parent = sameAs === entry.ppid ? this.#members.known(sameAs) : undefined;
    // What its parent's marker says is among its parent's leases.
    const readsMarker = parent?.resolvedAt !== this.#version;
    const found = this.#find(held.pid, entry, undefined, { held, readsMarker });
    if (found === nothing || (mustFit && !this.#hasRoom([...found.proven, ...found.marked]))) return nothing;
    return held.alive() ? found : nothing;
  }

  /** Descendants of who carries a marker may be known by other leases: what is known of them lacks this one. */
  #cover(held: HeldProcess, found: Found): Covered {
    if (found.carries) this.treeGrew();
    return this.#members.cover(held, found.proven, found.marked, this.#version);
  }

  /** A member that cannot be watched is not kept: nobody would hear of its exit. */
  #tellNew(member: Member): void {
    try {
      this.#events.joined(member, true);
    } catch (error) {
      this.#members.exited(member);
      throw error;
    }
  }

  /** The kernel had no room for a mark, or for its word of one: whoever was missed is looked for again. */
  markMissed(): void {
    this.#allMarkedAt = 0;
  }

  /** Past the bound a process is still protected; it is only not kept in mind. */
  #hasRoom(leases: readonly Lease[]): boolean {
    const { membersMax, membersPerLeaseMax } = this.#limits;
    const hasRoom = this.#members.size < membersMax && leases.every((lease) => lease.members.size < membersPerLeaseMax);
    if (!hasRoom) {
      this.#isFull = true;
      this.#allMarkedAt = 0;
    }
    return hasRoom;
  }
}

/** What the members around a process are covered by. */
interface Around {
  readonly proven: readonly Lease[];
  readonly marked: readonly Lease[];
}

const nobody: Around = { proven: none, marked: none };

/** The tree leases of a member further out, added to those of members further in. */
function further({ proven, marked }: Around, { leases, markerLeases }: Member): Around {
  const trees = leases.filter((lease) => lease.terms.scope === 'tree');
  const byMarker = (lease: Lease): boolean => markerLeases.includes(lease);
  return {
    proven: outwards(
      proven,
      trees.filter((lease) => !byMarker(lease)),
    ),
    marked: outwards(marked, trees.filter(byMarker)),
  };
}

function coverageOf(member: Member): Coverage {
  if (member.markerLeases.length === 0) return { leases: member.leases, asSender: member.leases };
  return { leases: member.leases, asSender: member.leases.filter((lease) => !member.markerLeases.includes(lease)) };
}

/** A lease that the kernel passed on from a parent that may be gone, and those that it was taken inside of. */
function chainOf(lease: Lease): readonly Lease[] {
  const chain: Lease[] = [];
  for (let one: Lease | undefined = lease; one !== undefined; one = one.parent) {
    if (one.state === 'active' && one.terms.scope === 'tree') chain.push(one);
  }
  return chain;
}

/** Says yes to the leases that a process has, and to so many others as it may get. */
function hasPlace(has: readonly Lease[]): (lease: Lease) => boolean {
  let places = leasesPerProcessMax - has.length;
  return (lease) => has.includes(lease) || places-- > 0;
}

/** Adds the leases of a process further out: what both have stands in the order of that one. */
function outwards(inner: readonly Lease[], outer: readonly Lease[]): readonly Lease[] {
  if (inner.length === 0) return outer;
  if (outer.length === 0) return inner;
  return [...inner.filter((lease) => !outer.includes(lease)), ...outer];
}
