import { clientBounds } from './bounds.ts';

/**
 * How long to wait before the next try to connect: doubled with each failure, and spread by chance, so that a
 * thousand clients do not all come back in the same millisecond after a restart.
 *
 * @param attempt failures so far, from 0
 * @param delayMsMax longest delay
 * @param random a number from 0 to 1
 * @returns milliseconds, between half of the full delay and all of it
 */
export function backoffMs(attempt: number, delayMsMax: number, random: () => number = Math.random): number {
  const fullMs = Math.min(delayMsMax, clientBounds.reconnectDelayMsMin * 2 ** attempt);
  return (fullMs * (1 + random())) / 2;
}
