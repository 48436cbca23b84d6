import type { Clock } from '#core/ports.ts';

/** setTimeout's longest wait; a later deadline is waited for in parts. */
const waitMsMax = 2 ** 31 - 1;

/** One timer for the earliest of many deadlines. It keeps no process alive. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;

  /** @param ring called at or after the deadline; must set the next one */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Waits for this moment (CLOCK_MONOTONIC, ms) where it comes before the one that is waited for. */
  set(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    const waitMs = Math.ceil(Math.min(Math.max(dueMs - this.#clock.monotonicMs(), 0), waitMsMax));
    this.#timer = setTimeout(() => {
      this.#dueMs = Infinity;
      this.#ring();
    }, waitMs);
    this.#timer.unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#dueMs = -Infinity;
  }
}
