import type { Liveness } from './liveness.ts';

/** A wait that can be cut short. */
export interface Pause {
  readonly over: Promise<void>;
  /** Ends the wait now. Idempotent. */
  cut(): void;
}

/**
 * Waits.
 *
 * @param delayMs how long
 * @param liveness decides whether the wait keeps the process alive
 */
export function pause(delayMs: number, liveness: Liveness): Pause {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(cut, delayMs);
  function cut(): void {
    clearTimeout(timer);
    liveness.delete(timer);
    resolve(undefined);
  }
  liveness.add(timer);
  return { over: promise, cut };
}
