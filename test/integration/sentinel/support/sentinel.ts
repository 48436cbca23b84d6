import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { DroppedSeen, ExecEvent, ExitSeen, JoinSeen, SignalSeen } from '#linux/sentinel/events.ts';
import { Sentinel, type SentinelOptions } from '#linux/sentinel/sentinel.ts';
import { SentinelUnavailable } from '#linux/sentinel/unavailable.ts';

/** Why these tests cannot run here; undefined where they can. Found by opening one, as the server does. */
export const skipReason: string | undefined = await findReason();

/** Behind the name of a suite: nobody overlooks that it did not run. */
export const skipWords: string = skipReason === undefined ? '' : ` (skipped: ${skipReason})`;

async function findReason(): Promise<string | undefined> {
  try {
    await Sentinel.open().close();
    return undefined;
  } catch (error) {
    if (error instanceof SentinelUnavailable) return error.message;
    throw error;
  }
}

/** A sentinel whose events are kept, each with its latest telling; closed when the test ends. */
export class Watched {
  readonly sentinel: Sentinel;
  readonly exits: ExitSeen[] = [];
  readonly joins: JoinSeen[] = [];
  readonly execs: ExecEvent[] = [];
  readonly dropped: DroppedSeen[] = [];
  readonly #signals = new Map<number, SignalSeen>();
  readonly #news = new EventTarget();

  constructor(options: SentinelOptions = { guard: false }) {
    this.sentinel = Sentinel.open(options);
    onTestFinished(() => this.sentinel.close());
    const tell = (): boolean => this.#news.dispatchEvent(new Event('news'));
    this.sentinel.onSignals((batch) => {
      for (const event of batch) this.#signals.set(event.serial, event);
      tell();
    });
    this.sentinel.onExits((batch) => {
      this.exits.push(...batch);
      tell();
    });
    this.sentinel.onJoins((batch) => {
      this.joins.push(...batch);
      tell();
    });
    this.sentinel.onExecs((batch) => {
      this.execs.push(...batch);
      tell();
    });
    this.sentinel.onDropped((dropped) => {
      this.dropped.push(dropped);
      tell();
    });
  }

  /** Signals to one process, in the order of their first telling: other processes of the machine have theirs. */
  signalsTo(pid: number): SignalSeen[] {
    return [...this.#signals.values()].filter(({ target }) => target.pid === pid);
  }

  /** Signals of one process to any. */
  signalsFrom(pid: number): SignalSeen[] {
    return [...this.#signals.values()].filter(({ sender }) => sender.pid === pid);
  }

  /** Waits until there is an answer. */
  async until<T>(answer: () => T | undefined | false, ms = 120_000): Promise<T> {
    const deadline = AbortSignal.timeout(ms);
    for (;;) {
      const found = answer();
      if (found !== undefined && found !== false) return found;
      await once(this.#news, 'news', { signal: deadline });
    }
  }

  /** The first signal of this number to that process. */
  signal(pid: number, signal: number): Promise<SignalSeen> {
    return this.until(() => this.signalsTo(pid).find((event) => event.signal === signal));
  }
}
