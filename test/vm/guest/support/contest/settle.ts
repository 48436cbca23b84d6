import { setTimeout as delay } from 'node:timers/promises';
import { readMemory } from '#linux/memory.ts';
import type { TestProcess } from '#test/support/server/processes.ts';

/** Nothing must change so long, where all have ended or had their fill; and where not, until they count as held. */
const quietMs = 1500;
const heldMs = 6000;
/** Memory that goes by less than this share of it meanwhile is held. */
const heldShare = 0.01;

export type Outcome = 'done' | 'held' | 'late';

/** Who has said that it has its fill. */
export class Fullness {
  readonly #pids = new Set<number>();

  constructor(takers: readonly TestProcess[]) {
    for (const taker of takers) void this.#listen(taker);
  }

  async #listen(taker: TestProcess): Promise<void> {
    for (;;) {
      const line = await taker.line().catch(() => undefined);
      if (line === undefined) return;
      this.#pids.add(Number(line.slice('full '.length)));
    }
  }

  /** Those of these who are not full. */
  hungry(pids: readonly number[]): readonly number[] {
    return pids.filter((pid) => !this.#pids.has(pid));
  }
}

/**
 * Waits until nothing goes on.
 *
 * @param takers who lives of those who take memory
 * @param deadlineMs of performance.now()
 */
export async function settle(takers: () => readonly number[], fullness: Fullness, deadlineMs: number): Promise<Outcome> {
  let [before, sinceMs] = ['', performance.now()];
  let [bytes, bytesSinceMs] = [0, sinceMs];
  for (;;) {
    const nowMs = performance.now();
    if (nowMs > deadlineMs) return 'late';
    const pids = takers();
    const hungry = fullness.hungry(pids).length;
    if (pids.join() !== before) [before, sinceMs] = [pids.join(), nowMs];
    if (hungry > 0) sinceMs = nowMs;
    const { memAvailableBytes, memTotalBytes } = readMemory();
    const isMoved = Math.abs(memAvailableBytes - bytes) > memTotalBytes * heldShare;
    if (isMoved || memAvailableBytes < memTotalBytes * 0.1) [bytes, bytesSinceMs] = [memAvailableBytes, nowMs];
    if (nowMs - sinceMs > quietMs) return 'done';
    if (hungry > 0 && nowMs - bytesSinceMs > heldMs) return 'held';
    await delay(50);
  }
}
