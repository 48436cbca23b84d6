import { basename } from 'node:path';
import { readExecutable, readEnvironmentVariable } from '../proc-text.ts';
import { procBytes, readProcOnce } from '../proc-file.ts';
import { readStat } from '../proc-stat.ts';
import { findKib } from './scan-number.ts';

/**
 * What a program is called: the file name of its executable, which it cannot choose, and where that must not be seen its
 * comm, which it can.
 * @returns undefined where it is gone
 */
export function programName(pid: number): string | undefined {
  const path = readExecutable(pid);
  return path === undefined ? readStat(pid)?.comm : basename(path.replace(/ \(deleted\)$/, ''));
}

/** Was it started with this in its environment, as far as that may be read? @param entry `NAME=value` */
export function hasEnvironmentEntry(pid: number, entry: string): boolean {
  const equals = entry.indexOf('=');
  return readEnvironmentVariable(pid, entry.slice(0, equals)) === entry.slice(equals + 1);
}

/**
 * Memory with shared pages counted in parts (proc_pid_smaps(5), Pss and SwapPss). The kernel walks every page: some
 * milliseconds for each 100 MiB.
 * @returns undefined where it is gone or must not be seen
 */
export function proportionalBytes(pid: number): number | undefined {
  const size = readProcOnce(`/proc/${String(pid)}/smaps_rollup`);
  if (size <= 0) return undefined;
  return (findKib(procBytes, size, '\nPss:') + findKib(procBytes, size, '\nSwapPss:')) * 1024;
}

/** System calls that read or wrote since its start (proc_pid_io(5)). @returns undefined where it is gone or must not be seen */
export function ioCalls(pid: number): number | undefined {
  const size = readProcOnce(`/proc/${String(pid)}/io`);
  return size <= 0 ? undefined : findKib(procBytes, size, 'syscr:') + findKib(procBytes, size, 'syscw:');
}
