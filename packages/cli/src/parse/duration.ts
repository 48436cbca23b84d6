import { UsageError } from '../errors.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration as a person writes it: `500ms`, `30s`, `1.5h`, `1d`.
 *
 * @param text a number and its unit, nothing between them
 * @returns whole milliseconds
 * @throws UsageError where it is none; a bare number too, for its unit is anyone's guess
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)(ms|[smhd])$/.exec(text);
  const unitMs = unitsMs[match?.[2] ?? ''];
  if (match === null || unitMs === undefined) {
    throw new UsageError(`'${text}' is no duration: write a number and its unit, as 500ms, 30s, 5m, 2h or 1d`);
  }
  const milliseconds = Math.round(Number(match[1]) * unitMs);
  if (!Number.isSafeInteger(milliseconds)) throw new UsageError(`'${text}' is too long a duration`);
  return milliseconds;
}
