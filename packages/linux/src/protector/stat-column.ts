import type { ProcessColumns, ProcessKinds } from '#core/protector/process-columns.ts';

const PF_KTHREAD = 0x00200000;
const CLOSING_PARENTHESIS = 0x29;
const MINUS = 0x2d;
const SPACE = 0x20;

// Fields of /proc/PID/stat by their number in proc_pid_stat(5), from the fourth on: before it stands the name.
const FIRST = 4;
const GROUP = 5;
const SESSION = 6;
const TERMINAL = 7;
const FLAGS = 9;
const UTIME = 14;
const STIME = 15;
const START = 22;
const RSS = 24;

const fields = new Float64Array(RSS + 1);

/** Those of core, whose types alone linux takes: the type holds the numbers equal. */
const kinds: ProcessKinds = { kernelThread: 1, zombie: 2, terminalLeader: 4 };

/**
 * Fills one row from a line of /proc/PID/stat. The name may hold anything: the fields start after its last parenthesis.
 *
 * @param row to be filled; `swapBytes` is left alone
 * @returns false where it is no such line
 */
export function fillFromStat(
  columns: ProcessColumns,
  row: number,
  pid: number,
  line: Buffer,
  size: number,
  pageBytes: number,
): boolean {
  let nameEnd = size - 1;
  while (nameEnd >= 0 && line[nameEnd] !== CLOSING_PARENTHESIS) nameEnd -= 1;
  if (nameEnd < 0 || !readFields(line, nameEnd + 4, size)) return false;
  const state = line[nameEnd + 2];
  columns.pid[row] = pid;
  columns.ppid[row] = field(FIRST);
  columns.group[row] = field(GROUP);
  columns.session[row] = field(SESSION);
  columns.startTicks[row] = field(START);
  columns.cpuTicks[row] = field(UTIME) + field(STIME);
  columns.rssBytes[row] = field(RSS) * pageBytes;
  let kind = 0;
  // The bits of a number beyond 32 of them would be lost to `&`: the flags have 32.
  if ((field(FLAGS) & PF_KTHREAD) !== 0) kind += kinds.kernelThread;
  if (state === 0x5a || state === 0x58) kind += kinds.zombie;
  if (field(SESSION) === pid && field(TERMINAL) !== 0) kind += kinds.terminalLeader;
  columns.kind[row] = kind;
  return true;
}

function field(number: number): number {
  return fields[number] ?? 0;
}

function readFields(line: Buffer, start: number, size: number): boolean {
  let at = start;
  for (let number = FIRST; number <= RSS; number += 1) {
    if (at >= size) return false;
    const negative = line[at] === MINUS;
    if (negative) at += 1;
    let value = 0;
    for (let byte = line[at] ?? 0; at < size && byte > SPACE; byte = line[at] ?? 0) {
      value = value * 10 + byte - 0x30;
      at += 1;
    }
    fields[number] = negative ? -value : value;
    at += 1;
  }
  return true;
}
