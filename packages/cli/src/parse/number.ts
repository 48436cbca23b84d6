import { bounds } from '#protocol/bounds.ts';
import { UsageError } from '../errors.ts';

/**
 * Reads a whole number of the command line within bounds.
 *
 * @param what its name in the message
 * @throws UsageError where it is no whole number, or outside
 */
export function wholeNumber(text: string, what: string, min: number, max: number): number {
  const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`'${text}' is no ${what}: write a whole number from ${String(min)} to ${String(max)}`);
}

/** Reads a pid. @throws UsageError where it cannot be one */
export function pidOption(text: string): number {
  return wholeNumber(text, 'pid', 1, bounds.pidMax);
}

/** Reads a lease's priority. @throws UsageError where it is outside the bounds */
export function priorityOption(text: string): number {
  return wholeNumber(text, 'priority', bounds.priorityMin, bounds.priorityMax);
}

/** Reads a number of rows. @throws UsageError where it is below one */
export function limitOption(text: string): number {
  return wholeNumber(text, 'number of rows', 1, Number.MAX_SAFE_INTEGER);
}

/** Reads a pid (all digits), or takes the text as the name of a command, as the kernel keeps it. */
export function pidOrComm(text: string): number | string {
  return /^\d+$/.test(text) ? pidOption(text) : text;
}
