import { clock } from '../machine.ts';
import { serverEvent } from './server-event.ts';
import type { Store } from './store.ts';

export interface RetentionLimits {
  readonly historyMsMax: number;
  readonly historyBytesMax: number;
}

const intervalMs = 60 * 60 * 1000;
/** Rows that one transaction deletes: the loop must not wait for more. */
const sliceRows = 1000;

/** Keeps history within its age and size. What is deleted is itself recorded: no gap without a word. */
export class Retention {
  readonly #store: Store;
  readonly #limits: RetentionLimits;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(store: Store, limits: RetentionLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Prunes now, and every hour from then on. */
  start(): void {
    if (this.#closed) return;
    this.#running = this.prune().then(
      () => undefined,
      () => undefined,
    );
    this.#timer = setTimeout(() => {
      this.start();
    }, intervalMs);
    this.#timer.unref();
  }

  /** @returns how many events were deleted */
  async prune(): Promise<number> {
    const beforeMs = clock.wallMs() - this.#limits.historyMsMax;
    let total = await this.#pruneWhile((oldestMs) => oldestMs < beforeMs, 'older than the history is kept', beforeMs);
    total += await this.#pruneWhile(() => this.#store.usedBytes() > this.#limits.historyBytesMax, 'history is over its size');
    await this.#store.write(() => {
      this.#store.leases.prune(beforeMs);
    });
    if (total > 0) this.#store.database.pragma('incremental_vacuum');
    return total;
  }

  async #pruneWhile(isDue: (oldestMs: number) => boolean, why: string, beforeMs = Infinity): Promise<number> {
    let total = 0;
    let firstMs = Infinity;
    let lastMs = 0;
    for (
      let slice = this.#oldest(beforeMs);
      !this.#closed && slice.count > 0 && isDue(slice.firstMs);
      slice = this.#oldest(beforeMs)
    ) {
      const { lastId, count } = slice;
      await this.#store.write(() => {
        this.#store.database.prepare('DELETE FROM event WHERE id <= ?').run(lastId);
      });
      this.#store.noteDeleted(count);
      total += count;
      firstMs = Math.min(firstMs, slice.firstMs);
      lastMs = Math.max(lastMs, slice.lastMs);
    }
    if (total > 0) this.#recordPruned(total, firstMs, lastMs, why);
    return total;
  }

  /** The oldest rows, at most a slice of them, in the order of ids up to the first that is too young. */
  #oldest(beforeMs: number): { lastId: number; count: number; firstMs: number; lastMs: number } {
    const rows = this.#store.database
      .prepare<[], { id: number; first_at: number; outcome: string }>(
        `SELECT id, first_at, outcome FROM event ORDER BY id LIMIT ${String(sliceRows)}`,
      )
      .all();
    const young = rows.findIndex((row) => row.first_at >= beforeMs);
    const due = young === -1 ? rows : rows.slice(0, young);
    return {
      lastId: due.at(-1)?.id ?? 0,
      count: due.length,
      firstMs: due[0]?.first_at ?? 0,
      lastMs: due.at(-1)?.first_at ?? 0,
    };
  }

  /** The row is of now (or it would be the next to go); the span that is gone stands in its words. */
  #recordPruned(count: number, firstMs: number, lastMs: number, why: string): void {
    const span = `${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
    this.#store.recordLater(serverEvent('pruned', count, `events from ${span} were deleted: ${why}`));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
