import { bounds } from '#protocol/bounds.ts';
import type { MethodName } from '#protocol/methods.ts';
import type { TerminateParams } from '#protocol/process.ts';
import { clientBounds } from './bounds.ts';

/**
 * How long a call may take. A mediated kill is answered when its target is gone, so its grace comes on top.
 *
 * @param requestTimeoutMs for what the server does at once
 * @returns milliseconds
 */
export function timeoutMsOf(method: MethodName, params: object | undefined, requestTimeoutMs: number): number {
  if (method !== 'process.terminate') return requestTimeoutMs;
  const { graceMs = bounds.graceMsDefault } = (params ?? {}) as Partial<TerminateParams>;
  return requestTimeoutMs + graceMs + bounds.killWaitMs;
}

/**
 * Holds a duration of the caller's against what makes sense.
 *
 * @param name of the option, for the message
 * @returns the same number
 * @throws RangeError where it is not above 0
 */
export function checkDurationMs(name: string, durationMs: number): number {
  if (durationMs > 0) return durationMs;
  throw new RangeError(`${name} is a number of milliseconds above 0 (Infinity: no limit), not ${String(durationMs)}`);
}

/**
 * A timer that does not keep the process alive: what it watches over does that.
 *
 * @param delayMs Infinity, or longer than Node's timers go: it never fires
 * @returns the timer, for clearTimeout
 */
export function startTimer(delayMs: number, onTime: () => void): NodeJS.Timeout | undefined {
  return delayMs > clientBounds.timerMsMax ? undefined : setTimeout(onTime, delayMs).unref();
}
