import type { Limits } from './modes.ts';
import type { ProcessColumns } from './process-columns.ts';
import type { ProcessTrends } from './process-trends.ts';
import { tuning } from './tuning.ts';

/** What a machine's CPUs are asked for: how busy they are is no need by itself, but that others wait is. */
export interface CpuLoad {
  readonly busyShare: number;
  /** NaN without PSI: then the limit alone decides. */
  readonly waitShare: number;
}

/** Since when is the CPU over the mode's limit, with others waiting? */
export class CpuWatch {
  #sinceMs = Infinity;
  #calmSinceMs = -Infinity;

  /** @param nowMs CLOCK_MONOTONIC */
  update(nowMs: number, load: CpuLoad, limits: Limits): void {
    const isOver = load.busyShare * 100 >= limits.cpuPercent && !(load.waitShare < tuning.cpuWaitShare);
    if (!isOver) {
      if (this.#sinceMs !== Infinity) this.#calmSinceMs = nowMs;
      this.#sinceMs = Infinity;
    } else if (this.#sinceMs === Infinity) this.#sinceMs = nowMs;
  }

  /** Long enough that it is no burst. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#sinceMs >= tuning.cpuOverMs;
  }

  /** Long enough calm that who was slowed may be let go. */
  isCalm(nowMs: number): boolean {
    return this.#sinceMs === Infinity && nowMs - this.#calmSinceMs >= tuning.restoreAfterMs;
  }
}

/**
 * Who takes most of the CPU, beyond the mode's limit for one process.
 *
 * @param isExempt asked of few: from the largest share down
 * @returns its row, or -1
 */
export function findHog(
  columns: ProcessColumns,
  trends: ProcessTrends,
  limits: Limits,
  ticksPerSecond: number,
  isExempt: (row: number) => boolean,
): number {
  const passed = new Set<number>();
  for (;;) {
    let hog = -1;
    for (let row = 0; row < columns.count; row += 1) {
      const share = trends.cpuShare(row);
      if (share * 100 < limits.hogCpuPercent || passed.has(row)) continue;
      if (hog < 0 || share > trends.cpuShare(hog)) hog = row;
    }
    if (hog < 0) return -1;
    const startMs = ((columns.startTicks[hog] ?? 0) * 1000) / ticksPerSecond;
    if (columns.bootMs - startMs >= limits.startGraceMs && !isExempt(hog)) return hog;
    passed.add(hog);
  }
}
