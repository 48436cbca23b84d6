import { UsageError } from '../errors.ts';
import { parseDuration } from './duration.ts';

const isoTime = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Reads a point in time: ISO 8601 (`2026-11-24T08:00:00Z`; without a zone the local one; a bare date is its local
 * midnight), or a duration, which means that long ago (`1h`, `1h ago`).
 *
 * @param text what was written
 * @param nowMs the wall clock, milliseconds since 1970
 * @returns ISO 8601 in UTC with milliseconds, as the protocol wants it
 * @throws UsageError where it is neither
 */
export function parseTime(text: string, nowMs: number): string {
  const match = isoTime.exec(text);
  if (match !== null) return fromIso(text, match);
  const ago = /^(\d\S*?)(?: ?ago)?$/.exec(text)?.[1];
  if (ago === undefined) throw unreadable(text);
  try {
    // Longer ago than the clock knows is all of the history.
    return new Date(Math.max(0, nowMs - parseDuration(ago))).toISOString();
  } catch {
    throw unreadable(text);
  }
}

function fromIso(text: string, match: RegExpExecArray): string {
  const [, year, month, day, hour] = match;
  // A bare date is UTC for Date and local for everyone else.
  const complete = hour === undefined ? `${text}T00:00` : text.replace(' ', 'T').replace(',', '.');
  const date = new Date(complete);
  // Date turns 31 February into March without a word.
  const exists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  if (Number.isNaN(date.getTime()) || !exists) throw unreadable(text);
  return date.toISOString();
}

function unreadable(text: string): UsageError {
  return new UsageError(`'${text}' is no time: write ISO 8601 as 2026-11-24T08:00:00Z, or how long ago as 1h`);
}
