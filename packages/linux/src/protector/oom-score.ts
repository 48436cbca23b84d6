import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Pidfd } from '../pidfd.ts';

/** A process's oom_score_adj (proc_pid_oom_score_adj(5)), -1000 to 1000. @returns undefined where it is gone */
export function oomScoreAdjustOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${String(pid)}/oom_score_adj`, 'latin1'));
  } catch {
    return undefined;
  }
}

/**
 * Sets it. The file is opened first and the pidfd asked then: a file of /proc that was opened stays that process's, whoever
 * has its pid afterwards.
 *
 * @param pidfd the process, held
 * @returns false where it is gone, or this process has not the right (CAP_SYS_RESOURCE for a lower value)
 */
export function setOomScoreAdjust(pid: number, pidfd: Pidfd, adjust: number): boolean {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${String(pid)}/oom_score_adj`, 'w');
    if (!pidfd.alive()) return false;
    writeSync(file, String(adjust));
    return true;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
