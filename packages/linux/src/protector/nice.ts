import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { hasCode } from '../errno.ts';
import type { Pidfd } from '../pidfd.ts';

/**
 * The nice value of a process (setpriority(2)); that of its first thread where they differ.
 * @returns undefined where it is gone
 */
export function niceOf(pid: number): number | undefined {
  try {
    return getPriority(pid);
  } catch {
    return undefined;
  }
}

/**
 * Sets the nice value of every thread of a process: on Linux it is a thread's, and a program's work is seldom in its first.
 * The system call takes numbers and no pidfd, so the process is looked at before and after.
 *
 * @param pidfd the process, held
 * @returns false where it is gone, or must not be changed (a lower value without CAP_SYS_NICE, another's process)
 */
export function setNice(pid: number, pidfd: Pidfd, nice: number): boolean {
  let isSet = false;
  try {
    for (const thread of readdirSync(`/proc/${String(pid)}/task`)) {
      if (!pidfd.alive()) return false;
      isSet = setThreadNice(Number(thread), nice) || isSet;
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return false;
    throw error;
  }
  return isSet && pidfd.alive();
}

/** One thread's alone. @returns false where that is refused, or it is gone: node:os wraps its errors */
export function setThreadNice(thread: number, nice: number): boolean {
  try {
    setPriority(thread, nice);
    return true;
  } catch {
    return false;
  }
}
