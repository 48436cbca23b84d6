import { readFileSync, writeFileSync } from 'node:fs';
import { reasonOf } from '../output/output.ts';
import type { RunOptions } from './run-options.ts';
import { setNice } from './set-nice.ts';

/** What a protected command gets where it may: the kernel's OOM killer takes it as a quarter of the memory smaller. */
const oomScoreAdjDefault = -250;

/**
 * Gives a process that waits at its gate its priorities; all that it starts inherits them. The kernel derives the I/O
 * priority from nice (best effort, 6 at nice 10) unless one is asked for.
 *
 * @returns what could not be had of what was asked for, in words
 */
export async function setPriorities(pid: number, options: RunOptions): Promise<readonly string[]> {
  const failures: string[] = [];
  const nice = setNice(pid, options.nice);
  if (nice !== undefined) failures.push(`runs at its caller's priority: ${nice}`);
  const oom = setOomScoreAdj(pid, options.oomScoreAdj);
  if (oom !== undefined) failures.push(`keeps its caller's oom_score_adj: ${oom}`);
  if (options.ioPriority !== undefined) {
    // Loads the system calls that Node lacks, which takes longer than a short command.
    const { setIoPriority } = await import('#linux/io-priority.ts');
    const io = setIoPriority(pid, options.ioPriority);
    if (io !== undefined) failures.push(`keeps its caller's I/O priority: ${io}`);
  }
  return failures;
}

/**
 * Raising is always allowed; lowering needs CAP_SYS_RESOURCE.
 *
 * @param wanted undefined: lower by default, and without a word where that is not allowed; never above what the caller has
 */
function setOomScoreAdj(pid: number, wanted: number | undefined): string | undefined {
  const file = `/proc/${String(pid)}/oom_score_adj`;
  try {
    if (wanted === undefined && Number(readFileSync(file, 'latin1')) <= oomScoreAdjDefault) return undefined;
    writeFileSync(file, String(wanted ?? oomScoreAdjDefault));
    return undefined;
  } catch (error) {
    return wanted === undefined ? undefined : reasonOf(error);
  }
}
