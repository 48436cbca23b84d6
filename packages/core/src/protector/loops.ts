import type { ProcessColumns } from './process-columns.ts';
import type { ProcessTrends } from './process-trends.ts';
import { tuning } from './tuning.ts';

/** A process that is looked at more closely: its input and output since then. */
interface Suspicion {
  readonly startTicks: number;
  readonly ioCalls: number;
  readonly sinceMs: number;
  told: boolean;
}

/**
 * Finds what is probably a loop: one full core for minutes on end, with no input, no output and no child. A program that
 * computes looks the same from outside, so it is told of, and nothing is done.
 */
export class LoopWatch {
  readonly #ioCalls: (pid: number) => number | undefined;
  readonly #suspicions = new Map<number, Suspicion>();

  /** @param ioCalls system calls of a process that read or wrote; undefined where that must not be seen */
  constructor(ioCalls: (pid: number) => number | undefined) {
    this.#ioCalls = ioCalls;
  }

  /** @returns rows that are told of now, each process once */
  update(columns: ProcessColumns, trends: ProcessTrends): readonly number[] {
    const found: number[] = [];
    for (let row = 0; row < columns.count; row += 1) {
      const pid = columns.pid[row] ?? 0;
      const isFlat = columns.atMs - trends.flatSinceMs(row) >= tuning.loopSuspectMs;
      if (isFlat && this.#isLoop(columns, row, pid)) found.push(row);
      else if (!isFlat && this.#suspicions.size > 0) this.#suspicions.delete(pid);
    }
    this.#forgetGone(trends);
    return found;
  }

  #isLoop(columns: ProcessColumns, row: number, pid: number): boolean {
    const startTicks = columns.startTicks[row] ?? 0;
    const known = this.#suspicions.get(pid);
    if (known?.startTicks === startTicks && known.told) return false;
    const ioCalls = this.#ioCalls(pid);
    // Unknown is not none: what must not be looked at is not accused.
    if (ioCalls === undefined) return false;
    if (known?.startTicks !== startTicks || known.ioCalls !== ioCalls || hasChild(columns, pid)) {
      this.#suspicions.set(pid, { startTicks, ioCalls, sinceMs: columns.atMs, told: false });
      return false;
    }
    if (columns.atMs - known.sinceMs < tuning.loopMs) return false;
    known.told = true;
    return true;
  }

  #forgetGone(trends: ProcessTrends): void {
    for (const pid of this.#suspicions.keys()) if (trends.rowOf(pid) < 0) this.#suspicions.delete(pid);
  }
}

function hasChild(columns: ProcessColumns, pid: number): boolean {
  return columns.ppid.subarray(0, columns.count).includes(pid);
}
