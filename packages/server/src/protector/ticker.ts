import { tuning } from '#core/protector/tuning.ts';
import { monotonicMs } from '#linux/clock.ts';

/** How often ticks came late, and how late at worst, milliseconds. */
export interface Lateness {
  readonly count: number;
  readonly worstMs: number;
}

/**
 * Calls back again and again, at intervals that the callback chooses, and notices its own late ticks: a server that was
 * held up did not watch meanwhile, and says so.
 */
export class Ticker {
  readonly #tick: () => number;
  readonly #onLate: (lateMs: number) => void;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #lateCount = 0;
  #worstLateMs = 0;
  #open = true;
  #isTicking = false;

  /**
   * @param tick @returns milliseconds to the next one
   * @param onLate told before a tick that comes later than `tuning.lateTickMs`
   * @param onError told what a tick threw (no descriptors, say): the next one comes all the same
   */
  constructor(tick: () => number, onLate: (lateMs: number) => void, onError: (error: unknown) => void) {
    this.#tick = tick;
    this.#onLate = onLate;
    this.#onError = onError;
  }

  get lateness(): Lateness {
    return { count: this.#lateCount, worstMs: this.#worstLateMs };
  }

  /** Ticks now, and goes on from there. Nothing happens from within a tick. */
  now(): void {
    if (!this.#open || this.#isTicking) return;
    clearTimeout(this.#timer);
    this.#noteLateness();
    this.#isTicking = true;
    let intervalMs: number = tuning.machineIntervalMsMax;
    try {
      intervalMs = this.#tick();
    } catch (error) {
      this.#onError(error);
    }
    this.#isTicking = false;
    this.#dueMs = monotonicMs() + intervalMs;
    this.#timer = setTimeout(() => {
      this.now();
    }, intervalMs);
    this.#timer.unref();
  }

  #noteLateness(): void {
    const lateMs = monotonicMs() - this.#dueMs;
    if (!(lateMs >= tuning.lateTickMs)) return;
    this.#lateCount += 1;
    this.#worstLateMs = Math.max(this.#worstLateMs, lateMs);
    this.#onLate(lateMs);
  }

  /** No tick comes until `now` is called again. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Infinity;
  }

  close(): void {
    this.#open = false;
    this.pause();
  }
}
