import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { errnoName } from '../errno.ts';
import { lockMemory } from '../ffi.ts';
import { setThreadNice } from './nice.ts';

/** Only pages that are touched anyway; the others are locked once they are. */
const MLOCK_ONFAULT = 1;

/** What was done for this process's own life; why not where it was not. */
export type Survival = { readonly done: true } | { readonly done: false; readonly why: string };

/**
 * Keeps the pages of the program and of its libraries in memory once they were used: a thrashing machine drops these first,
 * and would then have to read them from the disk for every step that is to help it. Needs CAP_IPC_LOCK, or a
 * RLIMIT_MEMLOCK beyond the program's size.
 *
 * Not mlockall(2): V8 gives memory of its heap back by madvise(2), which the kernel refuses where it is locked, and V8
 * aborts then (seen with Node 24). The heap is small, and used at every tick.
 */
export function lockOwnProgram(): Survival {
  let maps;
  try {
    maps = readFileSync('/proc/self/maps', 'latin1');
  } catch (error) {
    return { done: false, why: error instanceof Error ? error.message : String(error) };
  }
  for (const [, from = '', to = ''] of maps.matchAll(mappedFile)) {
    const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
    const outcome = lockMemory(start, end - start, MLOCK_ONFAULT);
    if (outcome < 0) return { done: false, why: `mlock2: ${errnoName(-outcome)}` };
  }
  return { done: true };
}

/** A line of proc_pid_maps(5) that may be read, is private, and has a file behind it: text and constants. */
const mappedFile = /^([0-9a-f]+)-([0-9a-f]+) r[w-][x-]p [0-9a-f]+ \S+ [1-9]\d* +\//gm;

/**
 * Has the kernel's OOM killer pass over this process (proc_pid_oom_score_adj(5)). Needs CAP_SYS_RESOURCE. What this process
 * starts inherits it.
 *
 * @param adjust -1000: never picked
 */
export function lowerOwnOomScore(adjust: number): Survival {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(adjust));
    return { done: true };
  } catch (error) {
    return { done: false, why: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Has this process run before others: among a hundred that want all CPUs it would have its turn too late. All of its threads;
 * those that come later inherit it. Needs CAP_SYS_NICE, or RLIMIT_NICE.
 *
 * @param nice -20: before all others
 */
export function raiseOwnPriority(nice: number): Survival {
  const threads = readdirSync('/proc/self/task').map(Number);
  const isRaised = threads.filter((thread) => setThreadNice(thread, nice)).length > 0;
  return isRaised ? { done: true } : { done: false, why: `setpriority: this process may not have nice ${String(nice)}` };
}
