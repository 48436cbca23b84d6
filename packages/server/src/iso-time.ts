let lastMinute = -1;
let lastMinuteText = '';

/**
 * As Date's toISOString; formatting dates is what an export would spend its time on, and neighbours share their minute.
 *
 * @param wallMs milliseconds since the epoch, whole
 */
export function isoTime(wallMs: number): string {
  const minute = Math.floor(wallMs / 60_000);
  if (minute !== lastMinute) {
    lastMinute = minute;
    lastMinuteText = new Date(minute * 60_000).toISOString().slice(0, -'00.000Z'.length);
  }
  const ms = wallMs - minute * 60_000;
  // The leading 1 keeps the zeros.
  return `${lastMinuteText}${String(100 + Math.floor(ms / 1000)).slice(1)}.${String(1000 + (ms % 1000)).slice(1)}Z`;
}
