import { readFileSync, watch, type FSWatcher } from 'node:fs';
import { posix } from 'node:path';
import { hasPureCgroup2 } from './own-cgroup.ts';

const CGROUP_ROOT = '/sys/fs/cgroup';
/** Counts of this very cgroup; `memory.events` has those of all below it too. Anybody may read it. */
const EVENTS_FILE = 'memory.events.local';

/**
 * Counts the kills that the OOM killer made in one cgroup (cgroup-v2.rst, `oom_kill`), whatever was out of memory: its limit
 * or the machine. The kernel tells of a change by inotify. It does not keep the program running.
 */
export class CgroupOomKills implements Disposable {
  readonly #file: string;
  readonly #watcher: FSWatcher;
  readonly #nowMs: () => number;
  #count: number;
  #changedMs = -Infinity;

  private constructor(file: string, count: number, nowMs: () => number) {
    this.#file = file;
    this.#count = count;
    this.#nowMs = nowMs;
    this.#watcher = watch(file, { persistent: false }, () => {
      this.#look();
    });
    // The group was removed: what is known stays.
    this.#watcher.on('error', () => undefined);
  }

  /**
   * @param path of the cgroup, as /proc/PID/cgroup has it
   * @param nowMs a monotonic clock, milliseconds
   * @returns undefined where there is no such count: another hierarchy, no memory controller, no inotify left
   */
  static open(path: string, nowMs: () => number): CgroupOomKills | undefined {
    if (!hasPureCgroup2()) return undefined;
    const file = posix.join(CGROUP_ROOT, path, EVENTS_FILE);
    const count = readCount(file);
    if (count === undefined) return undefined;
    try {
      return new CgroupOomKills(file, count, nowMs);
    } catch {
      return undefined;
    }
  }

  /** Was there a kill within so many milliseconds until now? */
  within(ms: number): boolean {
    this.#look();
    return this.#nowMs() - this.#changedMs <= ms;
  }

  #look(): void {
    const count = readCount(this.#file);
    if (count === undefined || count === this.#count) return;
    this.#count = count;
    this.#changedMs = this.#nowMs();
  }

  /** Idempotent. */
  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}

function readCount(file: string): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
