import type { OomKillSeen, SignalSeen } from '#linux/sentinel/events.ts';
import type { Lease } from '#core/lease.ts';
import type { KernelFacts } from '#protocol/history.ts';
import { clock, monotonicNs } from '../machine.ts';
import { momentContext } from '../moment.ts';
import type { OomLog } from './oom-log.ts';
import type { NewEvent } from '../store/event-rows.ts';
import type { Store } from '../store/store.ts';
import type { ProcessStart } from '../store/meta.ts';
import { serverEvent } from '../store/server-event.ts';
import { processRef } from './process-ref.ts';

const SIGKILL = 9;

/** The server before, whose ring this one goes on with. */
export interface Before {
  /** Whatever happened before this moment it may have written already. */
  readonly untilNs: bigint;
  readonly server: ProcessStart | undefined;
}
/** Kernel kills that an OOM victim may belong to: it is told right after its signal. */
const kernelKillsMax = 64;
/** How long the kernel's log may be behind its events. */
const logMs = 20;

/**
 * Writes what the kernel saw: a row for each kind of signal, whose count grows while more of it come. The server's own
 * signals have their row already, with who asked for them.
 */
export class SignalRecorder {
  readonly #store: Store;
  readonly #oomLog: OomLog;
  readonly #leaseOf: (seen: SignalSeen) => Lease | undefined;
  /** The rows of events that may be told again, by serial. */
  readonly #rows = new Map<number, number>();
  readonly #before: Before | undefined;
  /** Rows of SIGKILLs that the kernel sent, by pid. */
  readonly #kernelKills = new Map<number, { row: number }>();

  /** @param before what an earlier server may have written already, where this one goes on with its ring */
  constructor(store: Store, oomLog: OomLog, leaseOf: (seen: SignalSeen) => Lease | undefined, before: Before | undefined) {
    this.#store = store;
    this.#oomLog = oomLog;
    this.#leaseOf = leaseOf;
    this.#before = before;
  }

  /** Signals as the sentinel tells them, in one transaction. */
  record(batch: readonly SignalSeen[]): void {
    const foreign = batch.filter(({ code, sender }) => code === 'kernel' || code === 'implied' || !this.#isOwn(sender));
    if (foreign.length === 0) return;
    // Made now: the context is to be that of the signal, not of the disk's.
    const events = foreign.map((seen) => ({ seen, event: this.#event(seen) }));
    this.#store.writeLater(() => {
      for (const { seen, event } of events) this.#write(seen, event);
    });
  }

  /** Mediated kills have their row already, also those of the server before. */
  #isOwn({ pid, startTicks }: SignalSeen['sender']): boolean {
    return pid === process.pid || (pid === this.#before?.server?.pid && startTicks === this.#before.server.startTicks);
  }

  #write(seen: SignalSeen, event: NewEvent): void {
    const known = this.#rows.get(seen.serial) ?? this.#rowOfBefore(seen, event);
    if (known === undefined && seen.resumed === true) {
      if (seen.added > 0)
        this.#store.insertEvent(serverEvent('dropped', seen.added, 'signals whose row is not in the history any more'));
      return;
    }
    if (seen.final) this.#rows.delete(seen.serial);
    // The last telling of an event often has nothing new to tell.
    if (known !== undefined && seen.added === 0) return;
    const row = known ?? this.#store.insertEvent(event);
    if (known !== undefined) this.#store.recount(row, seen.count, event.lastWallMs ?? event.firstWallMs);
    if (!seen.final) this.#rows.set(seen.serial, row);
    if (seen.code === 'kernel' && seen.signal === SIGKILL) this.#noteKernelKill(seen.target.pid, row);
    this.#store.tellWhenCommitted(row);
  }

  /** @returns the row that an earlier server wrote of this */
  #rowOfBefore(seen: SignalSeen, event: NewEvent): number | undefined {
    if (this.#before === undefined) return undefined;
    const { sender, target } = event;
    if (seen.resumed === true) {
      return this.#store.lastOfKind({
        sender: sender === null ? null : seen.sender,
        target: seen.target,
        signal: seen.signal,
        code: seen.code,
        outcome: seen.outcome,
      });
    }
    return seen.firstNs < this.#before.untilNs && target !== null
      ? this.#store.seenAt(target.pid, seen.firstNs, seen.signal)
      : undefined;
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
      this.#noteOom(row, seen);
      // The kernel logs the victim's memory just after the event.
      setTimeout(() => {
        this.#store.writeLater(() => {
          this.#noteOom(row, seen);
        });
      }, logMs).unref();
    });
  }

  #noteOom(row: number, { pid, allocator, memory }: OomKillSeen): void {
    const told = { allocator: { pid: allocator.pid, comm: allocator.comm }, ...this.#oomLog.of(pid), ...memory };
    this.#store.noteOom(row, told);
    this.#store.tellWhenCommitted(row);
  }

  #event(seen: SignalSeen): NewEvent {
    const lease = this.#leaseOf(seen);
    const kernel = kernelFacts(seen);
    return {
      firstWallMs: wallMsOf(seen.firstNs),
      lastWallMs: wallMsOf(seen.lastNs),
      monotonicNs: seen.firstNs,
      source: 'sentinel',
      signal: seen.signal,
      code: seen.code,
      outcome: seen.outcome,
      count: seen.count,
      sender: hasSender(seen) ? processRef(seen.sender) : null,
      target: processRef(seen.target),
      leaseId: lease?.id,
      ...(kernel === undefined ? {} : { kernel }),
      context: momentContext(),
    };
  }
}

/**
 * Whoever runs when the kernel sends a signal by itself need have nothing to do with it (a terminal's Ctrl-C); but where
 * it is on its way out, its end is what sent it.
 */
function hasSender({ code, sender, target }: SignalSeen): boolean {
  return code !== 'kernel' || sender.pid === target.pid || sender.exiting;
}

function kernelFacts({ code, sender, target, cpuLimitSeconds }: SignalSeen): KernelFacts | undefined {
  if (cpuLimitSeconds !== undefined) return { cpuLimitSeconds };
  const isOthersEnd = sender.exiting && sender.pid !== target.pid && (code === 'kernel' || code === 'implied');
  return isOthersEnd ? { senderExiting: true } : undefined;
}

/** A moment of CLOCK_MONOTONIC as wall time, as it stands now. */
export function wallMsOf(ns: bigint): number {
  return Math.round(clock.wallMs() - Number(monotonicNs() - ns) / 1e6);
}
