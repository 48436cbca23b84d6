import type { Member } from '../lease.ts';
import type { Members } from '../members.ts';
import type { Seen, Steps } from '../parent.ts';
import type { HeldProcess, ProcessEntry, ProcessTable } from '../ports.ts';
import { coversOf, type RuleCover } from './cover.ts';
import type { ProcessFacts } from './match.ts';
import { MatchMemory } from './match-memory.ts';
import type { Rule } from './rule.ts';

/** As in membership.ts: deeper chains are a fork bomb, not a job. */
const levelsMax = 512;

export interface RuleCoverageOptions {
  readonly rules: readonly Rule[];
  readonly table: ProcessTable;
  /** The way up, as membership takes it. */
  readonly steps: Steps;
  /** What rules look at of a process. */
  facts(pid: number): ProcessFacts;
  readonly members: Members;
  /** The one uid that is served; undefined: all. */
  readonly servedUid: number | undefined;
  readonly membersMax: number;
  /** A process was seen as covered, and is a member for the first time: watch its exit. */
  joined(member: Member): void;
  /** A member's pidfd says that it has exited, before the watcher did. */
  dead(member: Member): void;
}

/**
 * Whom automatic rules cover: a process that matches, and all that it starts. Asked at question time by walking up, as for
 * leases; who was once seen as covered stays covered, after its parent's exit and after an exec too.
 */
export class RuleCoverage {
  readonly rules: readonly Rule[];
  readonly #options: RuleCoverageOptions;
  readonly #memory: MatchMemory;

  constructor(options: RuleCoverageOptions) {
    this.#options = options;
    this.rules = options.rules;
    this.#memory = new MatchMemory(options.rules, (pid) => options.facts(pid));
  }

  /**
   * What covers the process that has this pid now?
   *
   * @param seen its line of the process table, where the caller has read it in this turn
   * @returns the innermost cover
   */
  of(pid: number, seen?: ProcessEntry): RuleCover | undefined {
    if (this.rules.length === 0) return undefined;
    const known = this.#options.members.live(pid);
    if (known?.cover !== undefined) return known.cover;
    if (known === undefined) this.#forgetDead(pid);
    const entry = seen ?? this.#options.table.entry(pid);
    if (entry === undefined || entry.kernelThread) return undefined;
    return this.#resolve({ pid, entry });
  }

  /**
   * Takes in a process that the kernel says was forked in a tree, and that runs its parent's program still: it is covered
   * as its parent is, and none of its own files need be read.
   *
   * @param held the process
   * @param member where a lease covers it: its member, which keeps it; else it is kept here where a rule covers it
   * @param cover its parent's
   * @returns whether it is kept, by whomever
   */
  takeForked(held: HeldProcess, member: Member | undefined, cover: RuleCover | undefined): boolean {
    if (cover === undefined) return member !== undefined;
    if (member === undefined) return this.#keepHeld(held, cover);
    if (member.cover === undefined) this.#options.members.coverByRule(held, cover);
    return true;
  }

  #keepHeld(held: HeldProcess, cover: RuleCover): boolean {
    const { members, membersMax } = this.#options;
    if (members.size >= membersMax || !this.#serves(held.pid) || !held.alive()) return false;
    this.#tellNew(members.coverByRule(held, cover));
    return true;
  }

  /** Does it match by itself? For whoever looks through the whole process table. */
  matches(pid: number, entry: ProcessEntry): boolean {
    return this.#memory.matchOf(pid, entry) !== undefined;
  }

  /** After such a look: the others are gone. */
  keepOnly(pids: ReadonlySet<number>): void {
    this.#memory.keepOnly(pids);
  }

  /**
   * Puts back whom an earlier server saw as covered.
   *
   * @param held the process; kept where it is a new member, and closed otherwise
   */
  restore(held: HeldProcess, cover: RuleCover): Member {
    const { members } = this.#options;
    const isNew = members.live(held.pid) === undefined;
    const member = members.coverByRule(held, cover);
    if (isNew) this.#tellNew(member);
    else held.close();
    return member;
  }

  /** Walks up to what is known or to the top, then down again: an outer cover is noted before those inside it. */
  #resolve(seen: Seen): RuleCover | undefined {
    const chain = [seen];
    let cover: RuleCover | undefined;
    for (let child: Seen = seen; chain.length < levelsMax;) {
      const parent = this.#options.steps.parentOf(child, child === seen);
      if (parent === undefined) break;
      const member = this.#options.members.live(parent.pid);
      if (member?.cover !== undefined && member.startTicks === parent.entry.startTicks) {
        ({ cover } = member);
        break;
      }
      chain.push(parent);
      child = parent;
    }
    // A parent that is gone cannot be walked to: the kernel may know what it passed on.
    cover ??= this.#options.table.markedCover?.(seen.pid);
    for (const one of chain.reverse()) {
      const found = this.#coverWithin(one, cover);
      if (found === undefined) continue;
      // The root and whoever is asked about are kept in mind; those between are, once they are asked about.
      const isKept = found !== cover || one === seen;
      cover = isKept && !this.#keep(one, found) ? cover : found;
    }
    return cover;
  }

  /** What covers it, given what covers its parent. */
  #coverWithin({ pid, entry }: Seen, around: RuleCover | undefined): RuleCover | undefined {
    const match = this.#memory.matchOf(pid, entry);
    if (match === undefined || coversOf(around).some(({ rule }) => rule === match.rule)) return around;
    if (!this.#serves(pid)) return around;
    const rootUid = this.#options.table.uids(pid)?.real;
    return { rule: match.rule, rootPid: pid, rootStartTicks: entry.startTicks, rootUid, by: match.by, parent: around };
  }

  /** A per-user server knows its own user's processes alone. */
  #serves(pid: number): boolean {
    const { servedUid, table } = this.#options;
    return servedUid === undefined || table.uids(pid)?.real === servedUid;
  }

  /**
   * Makes it a member. Its pidfd is opened first, and what was said is said again under it: of this process, and not of one
   * that had the pid a moment ago.
   *
   * @returns false where it is another by now
   */
  #keep({ pid, entry }: Seen, cover: RuleCover): boolean {
    const { members, table, membersMax } = this.#options;
    const known = members.live(pid);
    if (known !== undefined) {
      if (known.startTicks !== entry.startTicks) return false;
      members.coverByRule(known.held, cover);
      return true;
    }
    this.#forgetDead(pid);
    // Past the bound it is covered, and not kept in mind.
    if (members.size >= membersMax || !this.#serves(pid)) return true;
    const held = table.hold(pid);
    const again = held === undefined ? undefined : table.entry(pid);
    const isIt =
      held?.startTicks === entry.startTicks &&
      again?.startTicks === entry.startTicks &&
      (cover.rootPid !== pid || this.#memory.matchOf(pid, again)?.rule === cover.rule) &&
      held.alive();
    if (held === undefined || !isIt) {
      held?.close();
      return false;
    }
    this.#tellNew(members.coverByRule(held, cover));
    return true;
  }

  /** Whoever was on file under a pid that no live member has. */
  #forgetDead(pid: number): void {
    const stale = this.#options.members.known(pid);
    if (stale !== undefined) this.#options.dead(stale);
  }

  /** A member that cannot be watched is not kept: nobody would hear of its exit. */
  #tellNew(member: Member): void {
    try {
      this.#options.joined(member);
    } catch (error) {
      this.#options.members.exited(member);
      throw error;
    }
  }
}
