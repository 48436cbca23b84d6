import type { Logger } from 'pino';
import type { EventOutcome, ProcessRef, TerminationOutcome } from '#protocol/history.ts';
import { signalName } from '#protocol/signals.ts';
import { tuning } from '#core/protector/tuning.ts';
import { clock, monotonicNs } from '../machine.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import type { Store } from '../store/store.ts';

/** A row that was handed to the store and may not be on the disk yet. */
export interface SignalNote {
  readonly written: Promise<number>;
}

/**
 * What the protector says: a row of history, which subscribers hear of, and a line of the log. It is said after the deed:
 * on a thrashing machine a signal must not wait for the disk. The same thing is not said again at each look.
 */
export class Teller {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #sender: ProcessRef;
  readonly #toldMs = new Map<string, number>();

  /** @param sender omnid itself, as history shows it */
  constructor(store: Store, log: Logger, sender: ProcessRef) {
    this.#store = store;
    this.#log = log;
    this.#sender = sender;
  }

  /**
   * Says something, unless it was said a short while ago.
   *
   * @param topic what is the same thing
   * @param target whom it is about
   */
  tell(topic: string, outcome: EventOutcome, reason: string, target: ProcessRef | null = null, leaseId?: string): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#toldMs.get(topic) ?? -Infinity) < tuning.tellAgainMs) return;
    this.#forgetOld(nowMs);
    this.#toldMs.set(topic, nowMs);
    this.#store.recordLater({ ...this.#event(outcome, reason, target), leaseId });
    this.#log.warn({ topic, outcome, target: logged(target), leaseId }, `protector: ${reason}`);
  }

  /** A new need begins: what was said of the one before may be said again. */
  forget(topic: string): void {
    this.#toldMs.delete(topic);
  }

  /** A signal was sent, or could not be. */
  signal(signal: number, outcome: EventOutcome, reason: string, target: ProcessRef, leaseId?: string): SignalNote {
    const { promise, resolve } = Promise.withResolvers<number>();
    const event = { ...this.#event(outcome, reason, target), signal, code: 'pidfd' as const, leaseId };
    let id = 0;
    this.#store.writeLater(
      () => {
        id = this.#store.insertEvent(event);
        this.#store.tellWhenCommitted(id);
      },
      {
        onWritten: () => {
          resolve(id);
        },
      },
    );
    this.#log.warn({ signal: signalName(signal), outcome, target: logged(target), reason, leaseId }, 'protector: signal');
    return { written: promise };
  }

  /** How the target of a signal ended, once its row is written. */
  finish({ written }: SignalNote, outcome: EventOutcome, termination: TerminationOutcome): void {
    const lastWallMs = clock.wallMs();
    void written.then((id) => this.#store.finish(id, { outcome, termination, lastWallMs }));
  }

  #event(outcome: EventOutcome, reason: string, target: ProcessRef | null): NewEvent {
    return {
      firstWallMs: clock.wallMs(),
      monotonicNs: monotonicNs(),
      source: 'protector',
      signal: null,
      code: null,
      outcome,
      sender: this.#sender,
      target,
      reason,
      context: momentContext(),
    };
  }

  #forgetOld(nowMs: number): void {
    for (const [topic, toldMs] of this.#toldMs) if (nowMs - toldMs >= tuning.tellAgainMs) this.#toldMs.delete(topic);
  }
}

function logged(target: ProcessRef | null): { pid: number; comm: string } | undefined {
  return target === null ? undefined : { pid: target.pid, comm: target.comm };
}
