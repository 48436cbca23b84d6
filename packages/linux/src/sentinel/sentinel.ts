import { attachPrograms } from './attach.ts';
import type { DroppedSeen, ExitSeen, JoinSeen, OomKillSeen, SignalSeen } from './events.ts';
import { Feeds } from './feeds.ts';
import { LeaseTerms, type KernelLease } from './lease-terms.ts';
import { loadPrograms } from './load.ts';
import { Marks } from './marks.ts';
import type { BpfObject } from './object.ts';
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
  readonly #reader: EventReader;
  readonly #feeds = new Feeds();
  readonly #marks: Marks;
  readonly #leases: LeaseTerms;
  #closing: Promise<void> | undefined;

  private constructor(object: BpfObject, programs: readonly ProgramState[], ringBytes: number) {
    this.#object = object;
    this.programs = programs;
    this.#marks = new Marks(object.mapFd('marks'));
    this.#leases = new LeaseTerms(object.mapFd('leases'));
    this.#reader = new EventReader(object, ringBytes, this.#feeds);
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

  /** Victims of the OOM killer. @returns stops telling */
  onOomKills(listener: (batch: OomKillSeen[]) => void): () => void {
    return this.#feeds.oomKills.add(listener);
  }

  /** What could not be told. @returns stops telling */
  onDropped(listener: (dropped: DroppedSeen) => void): () => void {
    return this.#feeds.dropped.add(listener);
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
    this.#reader.stop();
    this.#object.detachAll();
    // A program that runs on another CPU at this moment ends within microseconds.
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.#reader.finish();
    this.#object.close();
  }
}
