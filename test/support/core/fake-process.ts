import type { HeldProcess, ProcessEntry } from '#core/ports.ts';

/** What a test says of a process that it starts; whatever it leaves out is as its parent's, or as on a machine at rest. */
export interface ProcessOptions {
  /** Default: the next free pid. One that has exited may be named again: that is pid reuse. */
  readonly pid?: number;
  /** Default: now. */
  readonly startTicks?: number;
  readonly uid?: number;
  readonly effectiveUid?: number;
  readonly savedUid?: number;
  /** Digest of the secret in its environment; null: none. Default: its parent's. */
  readonly marker?: string | null;
  readonly kernelThread?: boolean;
  /** PR_SET_CHILD_SUBREAPER: it takes the orphans among its descendants. */
  readonly subreaper?: boolean;
  /** Which program it runs, by a number; default: its parent's, and none at the top. */
  readonly image?: number;
}

/** A process of the fake table. Its parent changes; who forked it does not. */
export class FakeProcess {
  readonly pid: number;
  readonly startTicks: string;
  /** What the kernel knows it by; told to the rules only where the table has pidfd inodes. */
  readonly serial: number;
  readonly forkedBy: FakeProcess | undefined;
  readonly uid: number;
  readonly effectiveUid: number;
  readonly savedUid: number;
  readonly marker: string | null;
  readonly kernelThread: boolean;
  readonly subreaper: boolean;
  /** Set anew by an exec. */
  image: number | undefined;
  parent: FakeProcess | undefined;
  /** False from its exit on, as a zombie too. */
  lives = true;

  constructor(pid: number, serial: number, startTicks: number, parent: FakeProcess | undefined, options: ProcessOptions) {
    this.pid = pid;
    this.serial = serial;
    this.startTicks = String(options.startTicks ?? startTicks);
    this.forkedBy = parent;
    this.parent = parent;
    this.uid = options.uid ?? parent?.uid ?? 0;
    this.effectiveUid = options.effectiveUid ?? this.uid;
    this.savedUid = options.savedUid ?? this.uid;
    this.marker = options.marker === undefined ? (parent?.marker ?? null) : options.marker;
    this.kernelThread = options.kernelThread ?? false;
    this.subreaper = options.subreaper ?? false;
    this.image = options.image ?? parent?.image;
  }

  /** Does it descend from this one, through any who have exited too? Counts as its own descendant. */
  descendsFrom(ancestor: FakeProcess): boolean {
    if (ancestor === this) return true;
    return this.forkedBy?.descendsFrom(ancestor) === true;
  }

  /** Its ancestors as the table would show them now, the nearest first, without init. */
  ancestors(): FakeProcess[] {
    const found: FakeProcess[] = [];
    for (let one = this.parent; one !== undefined && one.pid > 1; one = one.parent) found.push(one);
    return found;
  }
}

/** A pidfd of the fake table. Counts how often it is closed. */
export class FakeHeld implements HeldProcess {
  readonly process: FakeProcess;
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfdId: string | undefined;
  readonly taken: ProcessEntry;
  readonly #entry: (process: FakeProcess) => ProcessEntry | undefined;
  closes = 0;

  constructor(process: FakeProcess, pidfdId: string | undefined, entry: (process: FakeProcess) => ProcessEntry | undefined) {
    this.process = process;
    this.pid = process.pid;
    this.startTicks = process.startTicks;
    this.pidfdId = pidfdId;
    this.taken = entry(process) ?? { ppid: 0, startTicks: process.startTicks, kernelThread: process.kernelThread };
    this.#entry = entry;
  }

  /** A closed pidfd knows nothing. */
  alive(): boolean {
    return this.closes === 0 && this.process.lives;
  }

  /** A process that is reaped has no line. */
  entry(): ProcessEntry | undefined {
    return this.#entry(this.process);
  }

  close(): void {
    this.closes += 1;
  }
}
