import type { KernelMark, ProcessEntry, ProcessTable, Uids } from '#core/ports.ts';
import { FakeHeld, FakeProcess, type ProcessOptions } from './fake-process.ts';
import type { TurnedClock } from './turned-clock.ts';

const initPid = 1;

/** A process table that a test plays: fork, exit, re-parenting, zombies, pid reuse. */
export class FakeProcesses implements ProcessTable {
  readonly init: FakeProcess;
  /** Whether pidfds have inodes of their own (from Linux 6.9). */
  pidfdInodes = true;
  /** Called after each line of the table that was read: what it changes, only the next read sees. */
  afterEntry: ((pid: number) => void) | undefined;
  entriesRead = 0;
  markersRead = 0;
  /** What the kernel passed on, where a test plays a kernel that does. */
  readonly kernelMarks = new Map<FakeProcess, KernelMark>();
  /** As the server's table has it, where a test plays turns of the loop. */
  atTurnEnd?: (forget: () => void) => void;
  readonly #clock: TurnedClock;
  readonly #byPid = new Map<number, FakeProcess>();
  #holds: FakeHeld[] = [];
  #serial = 0;
  #lastPid = 99;

  constructor(clock: TurnedClock) {
    this.#clock = clock;
    this.init = this.#add(initPid, undefined, { startTicks: 0 });
  }

  /** Everyone who lives, init too, in the order of their start. */
  living(): FakeProcess[] {
    return [...this.#byPid.values()].filter((process) => process.lives);
  }

  /** The process that lives under this pid. */
  at(pid: number): FakeProcess | undefined {
    const process = this.#byPid.get(pid);
    return process?.lives === true ? process : undefined;
  }

  /** Starts a process. */
  fork(parent: FakeProcess = this.init, options: ProcessOptions = {}): FakeProcess {
    const pid = options.pid ?? this.#nextPid();
    if (this.#byPid.has(pid)) throw new Error(`pid ${String(pid)} is in use`);
    return this.#add(pid, parent, options);
  }

  #nextPid(): number {
    do this.#lastPid += 1;
    while (this.#byPid.has(this.#lastPid));
    return this.#lastPid;
  }

  #add(pid: number, parent: FakeProcess | undefined, options: ProcessOptions): FakeProcess {
    this.#serial += 1;
    const process = new FakeProcess(pid, this.#serial, this.#clock.bootTicks(), parent, options);
    this.#byPid.set(pid, process);
    return process;
  }

  /** Ends a process: its children go to the nearest subreaper above it, else to init. A zombie keeps its pid. */
  exit(process: FakeProcess, asZombie = false): void {
    if (!process.lives) return;
    process.lives = false;
    const heir = process.ancestors().find((one) => one.subreaper) ?? this.init;
    for (const child of this.#byPid.values()) if (child.parent === process) child.parent = heir;
    if (!asZombie) this.reap(process.pid);
  }

  /** Gives a zombie's pid back, if one has it. */
  reap(pid: number): void {
    if (this.#byPid.get(pid)?.lives === false) this.#byPid.delete(pid);
  }

  entry(pid: number): ProcessEntry | undefined {
    const entry = this.#line(this.#byPid.get(pid));
    this.entriesRead += 1;
    this.afterEntry?.(pid);
    return entry;
  }

  #line(process: FakeProcess | undefined): ProcessEntry | undefined {
    if (process === undefined) return undefined;
    const { startTicks, kernelThread, image } = process;
    const line = { ppid: process.parent?.pid ?? 0, startTicks, kernelThread };
    return image === undefined ? line : { ...line, image };
  }

  hold(pid: number): FakeHeld | undefined {
    const process = this.at(pid);
    if (process === undefined) return undefined;
    const held = new FakeHeld(process, this.pidfdInodes ? String(process.serial) : undefined, (one) => {
      const entry = this.#byPid.get(pid) === one ? this.#line(one) : undefined;
      this.afterEntry?.(pid);
      return entry;
    });
    this.#holds.push(held);
    return held;
  }

  uids(pid: number): Uids | undefined {
    const process = this.#byPid.get(pid);
    return process === undefined ? undefined : { real: process.uid, effective: process.effectiveUid, saved: process.savedUid };
  }

  markerDigest(pid: number): string | undefined {
    this.markersRead += 1;
    return this.at(pid)?.marker ?? undefined;
  }

  markedLease(pid: number): KernelMark | undefined {
    const process = this.at(pid);
    return process === undefined ? undefined : this.kernelMarks.get(process);
  }

  /** From now on there are turns. @returns what ends one */
  takeTurns(): () => void {
    let ends: (() => void)[] = [];
    this.atTurnEnd = (forget) => ends.push(forget);
    return () => {
      for (const forget of ends) forget();
      ends = [];
    };
  }

  /** Every hold that is not closed. */
  get openHolds(): FakeHeld[] {
    return this.#holds.filter((held) => held.closes === 0);
  }

  /** Every hold that was closed more than once. */
  get closedTwice(): FakeHeld[] {
    return this.#holds.filter((held) => held.closes > 1);
  }

  /** The program that held them has ended: the kernel closed them all. */
  abandonHolds(): void {
    this.#holds = [];
  }
}
