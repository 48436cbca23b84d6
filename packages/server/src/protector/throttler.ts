import { isProtection, type Exemption } from '#core/protector/exemption.ts';
import type { Suspect } from '#core/protector/plan.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import {
  cgroupBytes,
  cgroupProcesses,
  hasGroupsBelow,
  limitableCgroup,
  setCgroupLimit,
  type CgroupLimit,
  type MemoryStall,
  type SetLimit,
} from '#linux/protector/cgroup-limits.ts';
import { niceOf, setNice } from '#linux/protector/nice.ts';
import { OwnStall } from './own-stall.ts';
import type { Teller } from './teller.ts';
import { holdSuspect, type HeldSuspect } from './victim.ts';

const niceMost = 19;
/** A tenth of one CPU: slow, and not stopped, so that it can end by itself when it is asked to. */
const cpuMax = '10000 100000';

/** What a process was slowed for: a CPU hog keeps its memory, one that grows is held where it is. */
export type ThrottleFor = 'cpu' | 'memory';

interface Slowed {
  readonly held: HeldSuspect;
  readonly niceBefore: number | undefined;
  readonly limits: readonly SetLimit[];
  readonly how: readonly string[];
  readonly sinceMs: number;
}

interface Slowing {
  readonly what: ThrottleFor;
  readonly niceBefore: number | undefined;
  readonly limits: readonly SetLimit[];
  readonly how: string[];
  readonly reason: string;
  readonly nowMs: number;
}

export interface ThrottlerOptions {
  readonly watcher: ExitWatcher;
  readonly teller: Teller;
  readonly exemption: (pid: number) => Exemption | undefined;
}

/**
 * Slows processes: nice 19 for all of their threads, and where their cgroup (v2) holds nobody who is exempt, `cpu.max` or
 * `memory.high` on it. All is taken back when the need is over, as far as this server may.
 */
export class Throttler {
  readonly #options: ThrottlerOptions;
  readonly #slowed = new Map<number, Slowed>();
  readonly #ownStall = new OwnStall();

  constructor(options: ThrottlerOptions) {
    this.#options = options;
  }

  /** What waiting for memory it has caused itself. */
  get ownStall(): MemoryStall {
    return this.#ownStall.total;
  }

  get size(): number {
    return this.#slowed.size;
  }

  /** Who is slowed, and how. */
  list(): { readonly pid: number; readonly comm: string; readonly how: string[] }[] {
    return [...this.#slowed.values()].map(({ held, how }) => ({ pid: held.ref.pid, comm: held.ref.comm, how: [...how] }));
  }

  /** Since when a process is slowed; Infinity where it is not. */
  sinceMs(pid: number): number {
    return this.#slowed.get(pid)?.sinceMs ?? Infinity;
  }

  /** Slows a process that is not slowed yet. @returns true where anything could be done */
  slow(suspect: Suspect, what: ThrottleFor, reason: string, nowMs: number): boolean {
    if (this.#slowed.has(suspect.pid)) return false;
    const held = holdSuspect(suspect);
    if (held === undefined) return false;
    const niceBefore = niceOf(suspect.pid);
    const how: string[] = [];
    if (this.#options.exemption(suspect.pid) === undefined && this.#renice(held, niceBefore)) how.push('nice 19');
    const limits = this.#limitCgroup(suspect.pid, what, (other) => other === undefined);
    return this.#slowedBy(held, { what, niceBefore, limits, how, reason, nowMs });
  }

  /**
   * Holds a protected process that grows where it is, by `memory.high` alone, and only where its cgroup holds nobody but the
   * protected. @returns false where it is held already, or cannot be
   */
  holdProtected(suspect: Suspect, reason: string, nowMs: number): boolean {
    if (this.#slowed.has(suspect.pid)) return false;
    const held = holdSuspect(suspect);
    if (held === undefined) return false;
    const limits = this.#limitCgroup(suspect.pid, 'memory', (other) => other !== undefined && isProtection(other));
    return this.#slowedBy(held, { what: 'memory', niceBefore: undefined, limits, how: [], reason, nowMs });
  }

  #slowedBy(held: HeldSuspect, { what, niceBefore, limits, how, reason, nowMs }: Slowing): boolean {
    const { suspect } = held;
    if (what === 'memory') for (const path of pathsOf(limits)) this.#ownStall.hold(path);
    for (const { path, file, text } of limits) how.push(`${file} ${text} on ${path}`);
    if (how.length === 0) {
      held.held.close();
      return false;
    }
    this.#slowed.set(suspect.pid, { held, niceBefore, limits, how, sinceMs: nowMs });
    this.#options.watcher.watch(held.held.pidfd, () => {
      this.#gone(suspect.pid);
    });
    this.#options.teller.tell(`throttle ${String(suspect.pid)}`, 'throttled', `${reason}: ${how.join(', ')}`, held.ref);
    return true;
  }

  #renice({ held, suspect }: HeldSuspect, before: number | undefined): boolean {
    return before !== undefined && before < niceMost && setNice(suspect.pid, held.pidfd, niceMost);
  }

  /** Everybody in the group is slowed with it: so everybody in it must be one who may be. */
  #limitCgroup(pid: number, what: ThrottleFor, mayBe: (exemption: Exemption | undefined) => boolean): readonly SetLimit[] {
    const path = limitableCgroup(pid);
    if (path === undefined || this.#isLimited(path) || hasGroupsBelow(path)) return [];
    if (!cgroupProcesses(path).every((other) => mayBe(this.#options.exemption(other)))) return [];
    if (what === 'cpu') return setLimits(path, [['cpu', cpuMax]]);
    // What it may not hold in memory it would push into the swap, and go on.
    return setLimits(path, [
      ['memory', cgroupBytes(path, 'memory')],
      ['swap', cgroupBytes(path, 'memory.swap')],
    ]);
  }

  /** By another of its processes: what was there before that is known to that one alone. */
  #isLimited(path: string): boolean {
    return this.#slowed.values().some(({ limits }) => limits.some((limit) => limit.path === path));
  }

  /** The need is over: everybody is let go. */
  restoreAll(reason: string): void {
    for (const [pid, slowed] of this.#slowed) {
      this.#options.teller.forget(`throttle ${String(pid)}`);
      this.#options.teller.tell(`restore ${String(pid)}`, 'restored', `${reason}: ${this.#restore(slowed)}`, slowed.held.ref);
      this.#forget(pid, slowed);
    }
  }

  #restore({ held, niceBefore, limits }: Slowed): string {
    const undone = limits.map((limit) => `${limit.path} ${limit.undo() ? 'as before' : 'could not be set back'}`);
    if (niceBefore === undefined || niceBefore >= niceMost) return undone.join(', ');
    // A lower nice value needs CAP_SYS_NICE, or RLIMIT_NICE: without it the process stays at 19.
    const isBack = setNice(held.suspect.pid, held.held.pidfd, niceBefore);
    return [`nice ${isBack ? String(niceBefore) : 'stays 19: this server may not lower it'}`, ...undone].join(', ');
  }

  #gone(pid: number): void {
    const slowed = this.#slowed.get(pid);
    if (slowed === undefined) return;
    for (const limit of slowed.limits) limit.undo();
    this.#forget(pid, slowed);
  }

  #forget(pid: number, slowed: Slowed): void {
    this.#slowed.delete(pid);
    for (const path of pathsOf(slowed.limits)) this.#ownStall.letGo(path);
    this.#options.watcher.unwatch(slowed.held.held.pidfd);
    slowed.held.held.close();
  }
}

function setLimits(
  path: string,
  wanted: readonly (readonly [CgroupLimit, string | number | undefined])[],
): readonly SetLimit[] {
  return wanted.flatMap(([limit, value]) => {
    const set = value === undefined ? undefined : setCgroupLimit(path, limit, String(value));
    return set === undefined ? [] : [set];
  });
}

function pathsOf(limits: readonly SetLimit[]): ReadonlySet<string> {
  return new Set(limits.map(({ path }) => path));
}
