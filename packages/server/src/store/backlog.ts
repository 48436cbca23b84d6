import type { CommitQueue } from './commit-queue.ts';

/** A write that nobody waits for. */
export interface LaterWrite {
  /** Statements, all at once; may run more than once, where a transaction failed. */
  readonly write: () => void;
  /** False where it means nothing any more: it need not be kept then. */
  readonly isNeeded?: () => boolean;
  /** Called once it is on the disk. */
  readonly onWritten?: () => void;
}

/** Writes that are kept while the database takes none, at most. More are counted, not kept. */
const writesMax = 10_000;
/** Writes that one transaction makes up for: the loop must not wait for more. */
const sliceWrites = 500;
/** When the database is tried again by itself. */
const retryMs = 1000;

/** Writes what must hold nobody up, in the order in which it came; what the database does not take is tried again. */
export class Backlog {
  readonly #commits: CommitQueue;
  readonly #recordLoss: (count: number, sinceMs: number) => void;
  #kept: LaterWrite[] = [];
  #draining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;
  /** Losses that no row tells of yet. */
  #untold = { count: 0, sinceMs: 0 };

  /** @param recordLoss writes a row about writes that were lost; called inside a transaction, which may fail */
  constructor(commits: CommitQueue, recordLoss: (count: number, sinceMs: number) => void) {
    this.#commits = commits;
    this.#recordLoss = recordLoss;
  }

  /** Writes that were lost. */
  get droppedCount(): number {
    return this.#dropped;
  }

  /** Resolves once it is on the disk, or kept for later. */
  async add(later: LaterWrite): Promise<void> {
    if (this.#kept.length > 0) {
      this.#keep(later);
      return;
    }
    try {
      await this.#commits.run(later.write);
    } catch {
      this.#keep(later);
      return;
    }
    later.onWritten?.();
  }

  #keep(later: LaterWrite): void {
    if (this.#kept.length >= writesMax && this.#draining === undefined) {
      this.#kept = this.#kept.filter(({ isNeeded }) => isNeeded?.() ?? true);
    }
    if (this.#kept.length < writesMax) this.#kept.push(later);
    else {
      this.#dropped += 1;
      this.#untold = { count: this.#untold.count + 1, sinceMs: this.#untold.sinceMs || Date.now() };
    }
    this.#wait();
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.retry();
    }, retryMs).unref();
  }

  /** Tries again: now, or by itself a little later where the database still takes nothing. */
  retry(): void {
    if (this.#kept.length === 0 && this.#untold.count === 0) return;
    this.#draining ??= this.#drain().then(
      () => {
        this.#draining = undefined;
      },
      () => {
        this.#draining = undefined;
        this.#wait();
      },
    );
  }

  /** The first by itself: a database that takes nothing must not cost the work of all. */
  async #drain(): Promise<void> {
    for (let size = 1; this.#kept.length > 0; size = sliceWrites) {
      const part = this.#kept.slice(0, size);
      await this.#commits.run(() => {
        for (const { write } of part) write();
      });
      this.#kept.splice(0, part.length);
      for (const { onWritten } of part) onWritten?.();
    }
    const { count, sinceMs } = this.#untold;
    if (count === 0) return;
    await this.#commits.run(() => {
      this.#recordLoss(count, sinceMs);
    });
    this.#untold = { count: this.#untold.count - count, sinceMs: Date.now() };
  }

  /** Tries a last time. @returns how many writes are lost with this server */
  async close(): Promise<number> {
    clearTimeout(this.#timer);
    await this.#draining;
    this.retry();
    await this.#draining;
    clearTimeout(this.#timer);
    return this.#kept.length + this.#untold.count;
  }
}
