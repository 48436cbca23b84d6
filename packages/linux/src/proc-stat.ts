import { isPid } from './pidfd.ts';
import { procBytes, readProcOnce } from './proc-file.ts';

/** What /proc/PID/stat says (proc_pid_stat(5)); times in clock ticks (clock.ts: `ticksPerSecond`). */
export interface ProcStat {
  readonly pid: number;
  /** The name, at most 15 bytes (more for kernel threads); may hold anything, broken UTF-8 as U+FFFD. */
  readonly comm: string;
  /** One letter: R, S, D, Z, T, t, X, I. */
  readonly state: string;
  readonly ppid: number;
  readonly pgrp: number;
  readonly session: number;
  /** PF_* of include/linux/sched.h. */
  readonly flags: number;
  readonly kernelThread: boolean;
  readonly utimeTicks: number;
  readonly stimeTicks: number;
  /** Start after boot, CLOCK_BOOTTIME, decimal. */
  readonly startTicks: string;
  readonly rssPages: number;
  /** As ParentStat's. */
  readonly image: number;
}

/** The part that the walk up to the ancestors needs. */
export interface ParentStat {
  readonly ppid: number;
  readonly startTicks: string;
  readonly kernelThread: boolean;
  /** Where its stack begins: another number after an exec; 0 where that must not be seen. */
  readonly image: number;
}

const PF_KTHREAD = 0x00200000;
const SPACE = 0x20;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const CLOSING_PARENTHESIS = 0x29;

/** The fields 4 to 28 by their number in the manual page; filled anew at every read, so that a read makes no garbage. */
const fields = new Float64Array(29);
const PPID = 4;
const PGRP = 5;
const SESSION = 6;
const FLAGS = 9;
const UTIME = 14;
const STIME = 15;
const START = 22;
const RSS = 24;
const STACK = 28;

/**
 * Reads what is known of a process.
 * @returns undefined where it is gone (a zombie is still there, with state Z)
 * @throws SystemCallError where /proc cannot be read for want of descriptors or memory
 */
export function readStat(pid: number): ProcStat | undefined {
  const size = isPid(pid) ? readProcOnce(`/proc/${pid}/stat`) : -1;
  return size < 0 ? undefined : parse(procBytes, size);
}

/**
 * Reads the parent, the start time, the kind and the stack of a process: the cheap form of `readStat`, a few microseconds.
 * @returns undefined where it is gone
 * @throws SystemCallError where /proc cannot be read for want of descriptors or memory
 */
export function readParent(pid: number): ParentStat | undefined {
  const size = isPid(pid) ? readProcOnce(`/proc/${pid}/stat`) : -1;
  if (size < 0 || parseFields(procBytes, size, STACK) === undefined) return undefined;
  return {
    ppid: field(PPID),
    startTicks: String(field(START)),
    kernelThread: (field(FLAGS) & PF_KTHREAD) !== 0,
    image: field(STACK),
  };
}

/**
 * Parses a line of /proc/PID/stat, from its last parenthesis: the name before it may hold anything.
 * @returns undefined where it is no such line
 */
export function parseStat(line: string | Buffer): ProcStat | undefined {
  const bytes = typeof line === 'string' ? Buffer.from(line) : line;
  return parse(bytes, bytes.length);
}

function parse(bytes: Buffer, size: number): ProcStat | undefined {
  const nameStart = bytes.indexOf('(') + 1;
  const nameEnd = parseFields(bytes, size, STACK);
  const pid = Number.parseInt(bytes.toString('latin1', 0, nameStart - 1), 10);
  if (nameStart <= 0 || nameEnd === undefined || !(pid > 0)) return undefined;
  return {
    pid,
    comm: bytes.toString('utf8', nameStart, nameEnd),
    state: String.fromCharCode(bytes[nameEnd + 2] ?? 0),
    ppid: field(PPID),
    pgrp: field(PGRP),
    session: field(SESSION),
    flags: field(FLAGS),
    kernelThread: (field(FLAGS) & PF_KTHREAD) !== 0,
    utimeTicks: field(UTIME),
    stimeTicks: field(STIME),
    startTicks: String(field(START)),
    rssPages: field(RSS),
    image: field(STACK),
  };
}

function field(number: number): number {
  return fields[number] ?? 0;
}

/**
 * Fills `fields` up to the one asked for.
 * @returns where the name ends (its last parenthesis), or undefined where the line has fewer fields
 */
function parseFields(bytes: Buffer, size: number, last: number): number | undefined {
  const nameEnd = bytes.lastIndexOf(CLOSING_PARENTHESIS, size - 1);
  if (nameEnd < 0) return undefined;
  let at = nameEnd + 4; // Behind ") S ".
  for (let number = PPID; number <= last; number += 1) {
    if (at >= size) return undefined;
    at = parseNumber(bytes, at, size, number);
  }
  return nameEnd;
}

/** @returns where the next field starts. Numbers beyond 2^53 (limits, masks) lose their last digits: none is kept. */
function parseNumber(bytes: Buffer, start: number, size: number, number: number): number {
  const negative = bytes[start] === MINUS;
  let at = negative ? start + 1 : start;
  let value = 0;
  for (let byte = bytes[at]; at < size && byte !== undefined && byte > SPACE; byte = bytes[at]) {
    value = value * 10 + (byte - DIGIT_0);
    at += 1;
  }
  fields[number] = negative ? -value : value;
  return at + 1;
}
