import { monotonicMs } from '../clock.ts';
import { watchReadable, type LoopWatch } from '../ffi.ts';
import { attachPrograms } from './attach.ts';
import { Batch, type KeyedSignal } from './batch.ts';
import { BpfMap } from './bpf-map.ts';
import { NO_SLOT } from './decode-signal.ts';
import { TaskDetails } from './details.ts';
import { Drops } from './drops.ts';
import { ExecMemory } from './exec-memory.ts';
import type { DroppedSeen, ExitSeen, JoinSeen, OomKillSeen, SignalSeen } from './events.ts';
import { layouts } from './layout.ts';
import { LeaseTerms, type KernelLease } from './lease-terms.ts';
import { Listeners } from './listeners.ts';
import { loadPrograms } from './load.ts';
import { Marks } from './marks.ts';
import type { BpfObject } from './object.ts';
import { guardPrograms, type ProgramState } from './programs.ts';
import { Ring } from './ring.ts';
import { SharedArray } from './shared-array.ts';
import { SLOTS_MAX, Tallies } from './tallies.ts';
import { assertPrerequisites } from './unavailable.ts';

/** How soon a repeat is told. */
const FLUSH_MS = 20;
/** How soon a loss is told that no event announces. */
const IDLE_MS = 1000;
const RING_BYTES_DEFAULT = 8 * 2 ** 20;

export interface SentinelOptions {
  /** Load the guard too, where the kernel takes it. Default: true. */
  readonly guard?: boolean;
  /** What the ring holds, a power of two. Default: 8 MiB, 12,000 signals that are all different. */
  readonly ringBytes?: number;
  /** Another BPF object than the one that came with this file. */
  readonly objectFile?: string;
}

/**
 * The kernel observer (design: 4-kernel): every signal on this machine that may end or stop a process, with its sender;
 * exits and forks of marked processes; victims of the OOM killer. And the marks and lease terms, by which the guard
 * refuses signals. Nothing is pinned: all of it is gone when this is closed or the process ends.
 *
 * It does not keep the program running.
 */
export class Sentinel implements AsyncDisposable {
  /** Every program, the guard's included: which are active, and why others are not. */
  readonly programs: readonly ProgramState[];
  readonly #object: BpfObject;
  readonly #ring: Ring;
  readonly #slots: SharedArray;
  readonly #tallies: Tallies;
  readonly #drops: Drops;
  readonly #details: TaskDetails;
  readonly #marks: Marks;
  readonly #leases: LeaseTerms;
  readonly #loop: LoopWatch;
  readonly #onSignals = new Listeners<SignalSeen[]>();
  readonly #onExits = new Listeners<ExitSeen[]>();
  readonly #onJoins = new Listeners<JoinSeen[]>();
  readonly #onOomKills = new Listeners<OomKillSeen[]>();
  readonly #onDropped = new Listeners<DroppedSeen>();
  #serial = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Infinity;
  #closing: Promise<void> | undefined;

  private constructor(object: BpfObject, programs: readonly ProgramState[], ringBytes: number) {
    const map = (name: string, valueBytes: number): BpfMap => new BpfMap(object.mapFd(name), valueBytes);
    this.#object = object;
    this.programs = programs;
    this.#ring = new Ring(object.mapFd('events'), ringBytes);
    this.#slots = new SharedArray(object.mapFd('slots'), SLOTS_MAX * layouts.slot.size);
    this.#tallies = new Tallies({ tallies: map('tallies', 4), slots: this.#slots, freeSlots: map('free_slots', 4) });
    this.#drops = new Drops(object.mapFd('drops'));
    this.#details = new TaskDetails(new ExecMemory(map('execs', layouts.exec_seen.size)));
    this.#marks = new Marks(object.mapFd('marks'));
    this.#leases = new LeaseTerms(object.mapFd('leases'));
    this.#loop = watchReadable(object.mapFd('events'), () => this.#collect());
    this.#wakeIn(IDLE_MS);
  }

  /**
   * Loads and attaches; events are told from the next turn of the event loop on.
   * @throws SentinelUnavailable with the reason and what to change, where root, BTF, libbpf or the kernel lacks it
   */
  static open(options: SentinelOptions = {}): Sentinel {
    const { guard = true, ringBytes = RING_BYTES_DEFAULT } = options;
    assertPrerequisites();
    const loaded = loadPrograms({ ...options, guard, ringBytes });
    try {
      return new Sentinel(loaded.object, attachPrograms(loaded), ringBytes);
    } catch (error) {
      loaded.object.close();
      throw error;
    }
  }

  /** Are forbidden signals refused, or only seen? */
  get guardAvailable(): boolean {
    return guardPrograms.every((name) => this.programs.some((state) => state.name === name && state.attached));
  }

  /** Signals, those that were told before with a new count among them. @returns stops telling */
  onSignals(listener: (batch: SignalSeen[]) => void): () => void {
    return this.#onSignals.add(listener);
  }

  /** Marked processes that exited. @returns stops telling */
  onExits(listener: (batch: ExitSeen[]) => void): () => void {
    return this.#onExits.add(listener);
  }

  /** Processes that have a mark from their parent. @returns stops telling */
  onJoins(listener: (batch: JoinSeen[]) => void): () => void {
    return this.#onJoins.add(listener);
  }

  /** Victims of the OOM killer. @returns stops telling */
  onOomKills(listener: (batch: OomKillSeen[]) => void): () => void {
    return this.#onOomKills.add(listener);
  }

  /** What could not be told. @returns stops telling */
  onDropped(listener: (dropped: DroppedSeen) => void): () => void {
    return this.#onDropped.add(listener);
  }

  /** Marks a process, and all that it forks from now on, with a lease. @returns false where it is gone */
  mark(pidfd: number, leaseNumber: bigint): boolean {
    return this.#marks.set(pidfd, leaseNumber);
  }

  /** Takes the mark of a process away; its children keep theirs. @returns false where it had none, or is gone */
  unmark(pidfd: number): boolean {
    return this.#marks.delete(pidfd);
  }

  /** The lease that a process is marked with. */
  markOf(pidfd: number): bigint | undefined {
    return this.#marks.get(pidfd);
  }

  /** Lets the guard know the server: its signals pass. */
  markServer(ownPidfd: number): boolean {
    return this.#marks.setServer(ownPidfd);
  }

  /** Sets or replaces a lease's terms, for all marked processes at once (LeaseTerms.set). */
  setLease(number: bigint, lease: KernelLease): void {
    this.#leases.set(number, lease);
  }

  /** Ends a lease for all marked processes at once. @returns false where it was not there */
  endLease(number: bigint): boolean {
    return this.#leases.end(number);
  }

  /** Forgets an ended lease of which no process is left, and no lease nested in it. */
  forgetLease(number: bigint): boolean {
    return this.#leases.forget(number);
  }

  /** Detaches, tells what is still to be told with the final counts, and lets go. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#loop.close();
    this.#object.detachAll();
    // A program that runs on another CPU at this moment ends within microseconds.
    await new Promise((resolve) => setTimeout(resolve, 1));
    while (this.#collect());
    this.#tellSignals(this.#tallies.finishAll());
    this.#ring.close();
    this.#slots.close();
    this.#drops.close();
    this.#object.close();
  }

  /** Reads the ring. @returns whether there is more */
  #collect(): boolean {
    const batch = new Batch();
    const more = this.#ring.drain((view, at) => batch.add(view, at));
    const nowMs = monotonicMs();
    const signals = batch.signals.map((signal) => this.#admit(signal, nowMs));
    if (batch.joins.length > 0) this.#onJoins.tell(batch.joins);
    this.#tellSignals(signals);
    if (batch.oomKills.length > 0) this.#onOomKills.tell(batch.oomKills);
    if (batch.exits.length > 0) this.#onExits.tell(batch.exits);
    for (const dropped of this.#drops.take()) this.#onDropped.tell(dropped);
    if (this.#tallies.size > 0 && this.#closing === undefined) this.#wakeIn(FLUSH_MS);
    return more;
  }

  #admit({ record, key }: KeyedSignal, nowMs: number): SignalSeen {
    this.#serial += 1;
    const { slot, ...seen } = record;
    const sender = this.#details.complete(seen.sender, nowMs);
    const target = this.#details.complete(seen.target, nowMs);
    const description = { ...seen, serial: this.#serial, sender, target };
    if (slot !== NO_SLOT) return this.#tallies.admit(slot, key, description, nowMs);
    return { ...description, count: 1, added: 1, final: true, lastNs: seen.firstNs };
  }

  #tellSignals(batch: SignalSeen[]): void {
    if (batch.length > 0) this.#onSignals.tell(batch);
  }

  /** Repeats make nothing readable: while any may come, the counts are looked at. */
  #flush(): void {
    this.#timerMs = Infinity;
    this.#tellSignals(this.#tallies.flush(monotonicMs()));
    for (const dropped of this.#drops.take()) this.#onDropped.tell(dropped);
    this.#wakeIn(this.#tallies.size > 0 ? FLUSH_MS : IDLE_MS);
  }

  #wakeIn(ms: number): void {
    if (this.#timerMs <= ms) return;
    clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => this.#flush(), ms).unref();
  }
}
