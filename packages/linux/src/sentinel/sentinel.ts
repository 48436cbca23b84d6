import type { DroppedSeen, ExecEvent, ExitSeen, JoinSeen, OomKillSeen, SignalSeen } from './events.ts';
import { Feeds } from './feeds.ts';
import { LeaseTerms, type KernelLease } from './lease-terms.ts';
import { Marks, type Mark, type MarkLimits } from './marks.ts';
import type { KernelSide } from './kernel-side.ts';
import { openKernelSide, type Opened } from './open-kernel-side.ts';
import { siblingsOf, type Pins } from './pins.ts';
import { guardPrograms, type ProgramState } from './programs.ts';
import { EventReader } from './reader.ts';
import { assertPrerequisites } from './unavailable.ts';

const RING_BYTES_DEFAULT = 8 * 2 ** 20;

export interface SentinelOptions {
  /** Load the guard too, where the kernel takes it. Default: true. */
  readonly guard?: boolean;
  /** What the ring holds, a power of two. Default: 8 MiB, 12,000 signals that are all different. */
  readonly ringBytes?: number;
  /** Another BPF object than the one that came with this file. */
  readonly objectFile?: string;
  /**
   * A folder below a mounted bpffs: marks, guard and ring are pinned there, outlive this process if it is killed, and are
   * taken over by the next that is opened with the same folder. It reads with `begin`, and what was read stays in the ring
   * until it is released.
   */
  readonly pinFolder?: string;
}

/**
 * The kernel observer (design: 4-kernel): every signal on this machine that may end or stop a process, with its sender;
 * exits and forks of marked processes; victims of the OOM killer. And the marks and lease terms, by which the guard
 * refuses signals. All of it is gone when this is closed, and, unless it is pinned, when the process ends.
 *
 * It does not keep the program running.
 */
export class Sentinel implements AsyncDisposable {
  /** Every program, the guard's included: which are active, and why others are not. */
  readonly programs: readonly ProgramState[];
  /** It goes on where an earlier process was ended: its marks, leases and unread events are there. */
  readonly adopted: boolean;
  /** Why it could not be pinned, where that was wanted. */
  readonly pinFailure: Error | undefined;
  readonly #object: KernelSide;
  readonly #pins: Pins | undefined;
  readonly #reader: EventReader;
  readonly #feeds = new Feeds();
  readonly #marks: Marks;
  readonly #leases: LeaseTerms;
  #closing: Promise<void> | undefined;

  private constructor({ object, programs, pins, pinFailure, adopted }: Opened, ringBytes: number) {
    this.#object = object;
    this.#pins = pins;
    this.programs = programs;
    this.adopted = adopted;
    this.pinFailure = pinFailure;
    this.#marks = new Marks(object.mapFd('marks'));
    this.#leases = new LeaseTerms(object.mapFd('leases'));
    this.#reader = new EventReader(object, { ringBytes, held: pins !== undefined, adopted }, this.#feeds);
    if (pins === undefined) this.#reader.begin();
  }

  /**
   * Loads and attaches; events are told from the next turn of the event loop on.
   * @throws SentinelUnavailable with the reason and what to change, where root, BTF, libbpf or the kernel lacks it
   */
  static open(options: SentinelOptions = {}): Sentinel {
    const { guard = true, ringBytes = RING_BYTES_DEFAULT } = options;
    assertPrerequisites();
    const opened = openKernelSide({ ...options, guard, ringBytes });
    try {
      return new Sentinel(opened, ringBytes);
    } catch (error) {
      opened.object.close();
      throw error;
    }
  }

  /** Are forbidden signals refused, or only seen? */
  get guardAvailable(): boolean {
    return guardPrograms.every((name) => this.programs.some((state) => state.name === name && state.attached));
  }

  /** Signals, those that were told before with a new count among them. @returns stops telling */
  onSignals(listener: (batch: SignalSeen[]) => void): () => void {
    return this.#feeds.signals.add(listener);
  }

  /** Marked processes that exited. @returns stops telling */
  onExits(listener: (batch: ExitSeen[]) => void): () => void {
    return this.#feeds.exits.add(listener);
  }

  /** Processes that have a mark from their parent. @returns stops telling */
  onJoins(listener: (batch: JoinSeen[]) => void): () => void {
    return this.#feeds.joins.add(listener);
  }

  /** Processes that run another program now, marked or not; told as soon as they can be. @returns stops telling */
  onExecs(listener: (batch: ExecEvent[]) => void): () => void {
    return this.#feeds.execs.add(listener);
  }

  /** Victims of the OOM killer. @returns stops telling */
  onOomKills(listener: (batch: OomKillSeen[]) => void): () => void {
    return this.#feeds.oomKills.add(listener);
  }

  /** What could not be told. @returns stops telling */
  onDropped(listener: (dropped: DroppedSeen) => void): () => void {
    return this.#feeds.dropped.add(listener);
  }

  /** Begins to read, where it is pinned: what the ring holds of earlier can wait for who knows its leases. */
  begin(): void {
    this.#reader.begin();
  }

  /** How far the ring was read, after what was found there has been told; where it is pinned. @returns stops telling */
  onRead(listener: (position: number) => void): () => void {
    return this.#feeds.read.add(listener);
  }

  /** What was read up to this position is in safety: whoever adopts this need not read it again. */
  release(position: number): void {
    this.#reader.release(position);
  }

  /** Marks a process, and all that it forks from now on, with a lease. @returns false where it is gone */
  mark(pidfd: number, leaseNumber: bigint, limits: MarkLimits = {}): boolean {
    return this.#marks.set(pidfd, leaseNumber, limits);
  }

  /** Takes the mark of a process away; its children keep theirs. @returns false where it had none, or is gone */
  unmark(pidfd: number): boolean {
    return this.#marks.delete(pidfd);
  }

  /** The lease that a process is marked with. */
  markOf(pidfd: number): bigint | undefined {
    return this.#marks.get(pidfd)?.leaseNumber;
  }

  /** What a process is marked with. */
  readMark(pidfd: number): Mark | undefined {
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

  /** The numbers of all leases that the kernel knows, ended ones too. */
  leaseNumbers(): bigint[] {
    return this.#leases.numbers();
  }

  /** Takes out what other versions have pinned beside this; for when everything is marked here. */
  removeOthersPins(): void {
    if (this.#pins !== undefined) for (const other of siblingsOf(this.#pins)) other.remove();
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
    this.#reader.stop();
    this.#pins?.remove();
    this.#object.detachAll();
    // A program that runs on another CPU at this moment ends within microseconds.
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#reader.finish();
    this.#object.close();
  }
}
