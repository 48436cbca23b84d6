import type { Clock } from '#core/ports.ts';

/** Clock ticks a second, as on every Linux of x86-64 and arm64. */
const ticksPerSecond = 100;

/** A clock that stands still until a test turns it. */
export class TurnedClock implements Clock {
  #monotonicMs = 1_000_000;
  #suspendedMs = 0;

  /** Goes on by so many milliseconds. */
  turn(forMs: number): void {
    this.#monotonicMs += forMs;
  }

  /** Goes on to this moment of CLOCK_MONOTONIC; never back. */
  turnTo(monotonicMs: number): void {
    this.#monotonicMs = Math.max(this.#monotonicMs, monotonicMs);
  }

  /** The machine sleeps: wall time and CLOCK_BOOTTIME go on, CLOCK_MONOTONIC does not. */
  suspend(forMs: number): void {
    this.#suspendedMs += forMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#monotonicMs + this.#suspendedMs;
  }

  bootTicks(): number {
    return Math.floor(((this.#monotonicMs + this.#suspendedMs) * ticksPerSecond) / 1000);
  }
}
