import type { OomKillSeen, SignalSeen } from '#linux/sentinel/events.ts';
import type { Lease } from '#core/lease.ts';
import { clock, monotonicNs } from '../machine.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import type { Store } from '../store/store.ts';
import { processRef } from './process-ref.ts';

const SIGKILL = 9;
/** Kernel kills that an OOM victim may belong to: it is told right after its signal. */
const kernelKillsMax = 64;

/**
 * Writes what the kernel saw: a row for each kind of signal, whose count grows while more of it come. The server's own
 * signals have their row already, with who asked for them.
 */
export class SignalRecorder {
  readonly #store: Store;
  readonly #leaseOf: (seen: SignalSeen) => Lease | undefined;
  /** The rows of events that may be told again, by serial. */
  readonly #rows = new Map<number, number>();
  /** Rows of SIGKILLs that the kernel sent, by pid. */
  readonly #kernelKills = new Map<number, { row: number }>();

  constructor(store: Store, leaseOf: (seen: SignalSeen) => Lease | undefined) {
    this.#store = store;
    this.#leaseOf = leaseOf;
  }

  /** Signals as the sentinel tells them, in one transaction. */
  record(batch: readonly SignalSeen[]): void {
    const foreign = batch.filter((seen) => seen.code === 'kernel' || seen.sender.pid !== process.pid);
    if (foreign.length === 0) return;
    // Made now: the context is to be that of the signal, not of the disk's.
    const events = foreign.map((seen) => ({ seen, event: this.#event(seen) }));
    this.#store.writeLater(() => {
      for (const { seen, event } of events) this.#write(seen, event);
    });
  }

  #write(seen: SignalSeen, event: NewEvent): void {
    const known = this.#rows.get(seen.serial);
    if (seen.final) this.#rows.delete(seen.serial);
    // The last telling of an event often has nothing new to tell.
    if (known !== undefined && seen.added === 0) return;
    const row = known ?? this.#store.insertEvent(event);
    if (known !== undefined) this.#store.recount(row, seen.count, event.lastWallMs ?? event.firstWallMs);
    if (!seen.final) this.#rows.set(seen.serial, row);
    if (seen.code === 'kernel' && seen.signal === SIGKILL) this.#noteKernelKill(seen.target.pid, row);
    this.#store.tellWhenCommitted(row);
  }

  #noteKernelKill(pid: number, row: number): void {
    this.#kernelKills.delete(pid);
    this.#kernelKills.set(pid, { row });
    for (const oldest of this.#kernelKills.keys()) {
      if (this.#kernelKills.size <= kernelKillsMax) break;
      this.#kernelKills.delete(oldest);
    }
  }

  /** The OOM killer's victim: said on the row of its SIGKILL. */
  recordOom(seen: OomKillSeen): void {
    this.#store.writeLater(() => {
      const row = this.#kernelKills.get(seen.pid)?.row;
      if (row === undefined) return;
      this.#store.noteOom(row, { allocator: { pid: seen.allocator.pid, comm: seen.allocator.comm }, ...seen.memory });
      this.#store.tellWhenCommitted(row);
    });
  }

  #event(seen: SignalSeen): NewEvent {
    // Whoever runs when the kernel sends a signal by itself need have nothing to do with it (a terminal's Ctrl-C).
    const isNobody = seen.code === 'kernel' && seen.sender.pid !== seen.target.pid;
    const lease = this.#leaseOf(seen);
    return {
      firstWallMs: wallMsOf(seen.firstNs),
      lastWallMs: wallMsOf(seen.lastNs),
      monotonicNs: seen.firstNs,
      source: 'sentinel',
      signal: seen.signal,
      code: seen.code,
      outcome: seen.outcome,
      count: seen.count,
      sender: isNobody ? null : processRef(seen.sender),
      target: processRef(seen.target),
      leaseId: lease?.id,
      context: momentContext(),
    };
  }
}

/** A moment of CLOCK_MONOTONIC as wall time, as it stands now. */
export function wallMsOf(ns: bigint): number {
  return Math.round(clock.wallMs() - Number(monotonicNs() - ns) / 1e6);
}
