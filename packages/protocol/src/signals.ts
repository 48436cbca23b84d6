import { bounds } from './bounds.ts';

/**
 * Signal numbers of Linux on x86-64 and arm64, from `signal(7)`. Both share one table; MIPS and Alpha do not, and are not served.
 */
const names: readonly string[] = [
  '',
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
];
const aliases: Readonly<Record<string, number>> = { IOT: 6, CLD: 17, POLL: 29 };

/** The first real-time signal that glibc leaves to programs; 32 and 33 belong to its threads. */
const realTimeMin = 34;
const realTimeMax = 64;

/**
 * Names a signal as `kill -l` does, with its prefix: `SIGKILL`, `SIGRTMIN+3`.
 *
 * @param signal number, 0 to 64
 * @returns the name; `0` for the null signal; `SIG32`-like words for numbers without a name
 */
export function signalName(signal: number): string {
  if (signal === 0) return '0';
  const name = names[signal];
  if (name !== undefined && name !== '') return `SIG${name}`;
  if (signal === realTimeMin) return 'SIGRTMIN';
  if (signal === realTimeMax) return 'SIGRTMAX';
  if (signal > realTimeMin && signal < realTimeMax) return `SIGRTMIN+${String(signal - realTimeMin)}`;
  return `SIG${String(signal)}`;
}

/**
 * Reads a signal as a person writes it, and as `signalName` does: `9`, `KILL`, `SIGKILL`, `rtmin+1`, `SIG32`.
 *
 * @param text what was written, in any case
 * @returns the number, or undefined where it names no signal
 */
export function parseSignal(text: string): number | undefined {
  const name = text.toUpperCase().replace(/^SIG/, '');
  if (/^\d{1,2}$/.test(name)) {
    const signal = Number(name);
    return signal <= bounds.signalMax ? signal : undefined;
  }
  const index = name === '' ? -1 : names.indexOf(name);
  if (index > 0) return index;
  return aliases[name] ?? parseRealTime(name);
}

function parseRealTime(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (match === null) return undefined;
  const base = match[1] === 'MIN' ? realTimeMin : realTimeMax;
  const offset = Number(match[3] ?? 0) * (match[2] === '-' ? -1 : 1);
  const signal = base + offset;
  return signal >= realTimeMin && signal <= realTimeMax ? signal : undefined;
}
