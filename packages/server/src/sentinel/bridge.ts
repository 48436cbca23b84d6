import type { Logger } from 'pino';
import type { DroppedSeen, ExitSeen, SignalSeen } from '#linux/sentinel/events.ts';
import { optionalPrograms } from '#linux/sentinel/programs.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SentinelUnavailable } from '#linux/sentinel/unavailable.ts';
import type { Registry } from '../registry.ts';
import { serverEvent } from '../store/server-event.ts';
import type { Store } from '../store/store.ts';
import { exitEvent, isWorthARow } from './exits.ts';
import { Joins } from './joins.ts';
import { KernelMarks } from './kernel-marks.ts';
import { SignalRecorder, wallMsOf } from './signal-recorder.ts';

/** How long the kernel's word of a fork or an exit may be on its way, milliseconds. */
const settleMs = 25;

/** Why there is no sentinel, and what to change. */
export interface SentinelAbsence {
  readonly why: string;
  readonly fix: string;
}

/** The kernel's observer, at work for the server: what it sees becomes rows, what it marks becomes members. */
export class SentinelBridge {
  readonly marks: KernelMarks;
  readonly #sentinel: Sentinel;
  #joins: Joins | undefined;

  constructor(sentinel: Sentinel) {
    this.#sentinel = sentinel;
    this.marks = new KernelMarks(sentinel);
  }

  /** Begins to record, and to take in members. */
  connect(registry: Registry, store: Store, log: Logger): void {
    const leaseOf = (seen: SignalSeen): ReturnType<KernelMarks['leaseOf']> =>
      this.marks.leaseOf(seen.leaseNumber) ?? registry.table.members.known(seen.target.pid)?.leases[0];
    const recorder = new SignalRecorder(store, leaseOf);
    const joins = new Joins(({ pid }) => registry.table.membership.coverage(pid));
    this.#joins = joins;
    this.#sentinel.onSignals((batch) => {
      recorder.record(batch);
    });
    this.#sentinel.onOomKills((batch) => {
      for (const seen of batch) recorder.recordOom(seen);
    });
    this.#sentinel.onJoins((batch) => {
      joins.seen(batch);
    });
    this.#sentinel.onExits((batch) => {
      joins.gone(batch);
      this.#recordExits(batch, store);
    });
    this.#sentinel.onDropped((dropped) => {
      log.warn(
        { dropped: { ...dropped, firstNs: String(dropped.firstNs), lastNs: String(dropped.lastNs) } },
        'the kernel dropped events',
      );
      store.noteDropped(dropped.count);
      store.recordLater(droppedEvent(dropped));
    });
  }

  #recordExits(batch: readonly ExitSeen[], store: Store): void {
    for (const seen of batch) {
      const lease = this.marks.leaseOf(seen.leaseNumber);
      if (isWorthARow(seen, lease)) store.recordLater(exitEvent(seen, lease));
    }
  }

  /** Resolves when what the kernel saw until now has been taken in. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    this.#joins?.settle();
  }

  /** Tells the last counts, and takes every mark and program out of the kernel. */
  async close(): Promise<void> {
    await this.#sentinel.close();
    this.#joins?.close();
  }
}

/**
 * Loads the sentinel, where it can be had: the server does its work without it too.
 *
 * @returns why not, where not
 */
export function openBridge(log: Logger): SentinelBridge | SentinelAbsence {
  try {
    const sentinel = Sentinel.open({ guard: false });
    const missing = sentinel.programs.filter(({ name, attached }) => !attached && optionalPrograms.some((one) => one === name));
    if (missing.length > 0) log.warn({ missing }, 'parts of the sentinel could not be attached');
    return new SentinelBridge(sentinel);
  } catch (error) {
    if (!(error instanceof SentinelUnavailable)) throw error;
    log.info({ why: error.reason, fix: error.fix }, 'no sentinel');
    return { why: error.reason, fix: error.fix };
  }
}

function droppedEvent(dropped: DroppedSeen): ReturnType<typeof serverEvent> {
  const span = [dropped.firstNs, dropped.lastNs].map((ns) => new Date(wallMsOf(ns)).toISOString()).join(' to ');
  return serverEvent('dropped', dropped.count, `${dropped.where} of ${span}: they came faster than they could be taken`);
}
