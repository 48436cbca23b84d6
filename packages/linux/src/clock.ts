import { SystemCallError } from './errno.ts';
import { clockGettime, sysconf } from './ffi.ts';

const SC_CLK_TCK = 2;
const SC_PAGESIZE = 30;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** Clock ticks a second, the unit of /proc/PID/stat's times (USER_HZ: 100 on every common kernel). */
export const ticksPerSecond: number = sysconf(SC_CLK_TCK);

/** Bytes a page of memory, the unit of /proc/PID/stat's sizes. */
export const pageSizeBytes: number = sysconf(SC_PAGESIZE);

const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);

/** performance.now() is CLOCK_MONOTONIC from the start of the program, without a bigint for each reading. */
const programStartMs = findProgramStartMs();

/** CLOCK_MONOTONIC in milliseconds: it stands still while the machine is suspended (clock_gettime(2)). */
export function monotonicMs(): number {
  return programStartMs + performance.now();
}

/** CLOCK_BOOTTIME in milliseconds: it goes on while the machine is suspended. */
export function boottimeMs(): number {
  return readClockMs(CLOCK_BOOTTIME);
}

/**
 * When a process started, on the clock of `monotonicMs`.
 *
 * The kernel notes a start on CLOCK_BOOTTIME, which counts suspended time too. All that the machine was suspended
 * since boot is taken off here: right to the tick where it was not suspended since the process started, and too early
 * by those suspensions where it was. So an age that is told from it is the age with suspensions, never less.
 * @param startTicks field 22 of /proc/PID/stat
 */
export function processStartMonotonicMs(startTicks: string): number {
  const suspendedMs = Math.max(0, boottimeMs() - monotonicMs());
  return (Number(startTicks) * 1000) / ticksPerSecond - suspendedMs;
}

/** On a busy machine others may have had their turn between two readings: those that are closest together count. */
function findProgramStartMs(): number {
  let start = { ms: 0, apartMs: Infinity };
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const before = performance.now();
    const ms = readClockMs(CLOCK_MONOTONIC) - before;
    const apartMs = performance.now() - before;
    if (apartMs < start.apartMs) start = { ms, apartMs };
  }
  return start.ms;
}

function readClockMs(clock: number): number {
  const outcome = clockGettime(clock, timespecBytes);
  if (outcome < 0) throw new SystemCallError('clock_gettime', -outcome);
  const [seconds = 0n, nanoseconds = 0n] = timespec;
  return Number(seconds) * 1000 + Number(nanoseconds) / 1e6;
}
