/** Bits of `ProcessColumns.kind`. */
export const processKind = {
  /** PF_KTHREAD: a part of the kernel. */
  kernelThread: 1,
  /** It has exited and waits to be reaped: it holds no memory. */
  zombie: 2,
  /** It leads a session that has a terminal: a login shell, the shell of a terminal's window. */
  terminalLeader: 4,
} as const;
export type ProcessKinds = typeof processKind;

/**
 * One look through the process table, a column for each number, ascending by pid. The reader fills the same columns again
 * and again, so that a look makes no garbage; only the first `count` entries mean anything.
 */
export interface ProcessColumns {
  /** CLOCK_MONOTONIC, milliseconds. */
  atMs: number;
  /** CLOCK_BOOTTIME at that moment, milliseconds: what start times are counted on. */
  bootMs: number;
  count: number;
  readonly pid: Int32Array;
  readonly ppid: Int32Array;
  /** Process group and session. */
  readonly group: Int32Array;
  readonly session: Int32Array;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: Float64Array;
  /** User and system time of all of its threads, clock ticks. */
  readonly cpuTicks: Float64Array;
  /** Resident memory, bytes. */
  readonly rssBytes: Float64Array;
  /** What of it is in the swap, bytes; 0 where it was not asked for. */
  readonly swapBytes: Float64Array;
  readonly kind: Uint8Array;
}

/** Empty columns. @param capacity entries that they can hold */
export function makeColumns(capacity: number): ProcessColumns {
  return {
    atMs: 0,
    bootMs: 0,
    count: 0,
    pid: new Int32Array(capacity),
    ppid: new Int32Array(capacity),
    group: new Int32Array(capacity),
    session: new Int32Array(capacity),
    startTicks: new Float64Array(capacity),
    cpuTicks: new Float64Array(capacity),
    rssBytes: new Float64Array(capacity),
    swapBytes: new Float64Array(capacity),
    kind: new Uint8Array(capacity),
  };
}
