import { DeadlineQueue } from './deadline-queue.ts';
import { nextDeadlineMs, warningMs, type Lease } from './lease.ts';

/** What is due of a lease. */
export interface Due {
  /** Its deadline has come. */
  expired(lease: Lease): void;
  /** A tenth of `maxMs` is left. */
  expiring(lease: Lease): void;
}

/** When something is due of which lease. */
export class LeaseDeadlines {
  readonly #queue = new DeadlineQueue<Lease>();

  /** The earliest moment (CLOCK_MONOTONIC, ms) at which `tick` has something to do; Infinity: never. */
  get nextMs(): number {
    return this.#queue.nextMs;
  }

  /** An entry that comes too early is looked at and put back; so only an earlier deadline needs a new one. */
  schedule(lease: Lease): void {
    const dueMs = nextDeadlineMs(lease);
    if (dueMs >= lease.scheduledMs) return;
    lease.scheduledMs = dueMs;
    this.#queue.push(lease, dueMs);
  }

  /** Tells of everything that has come. Deadlines that moved meanwhile are put back. */
  tick(nowMs: number, due: Due): void {
    for (let dueMs = this.#queue.nextMs; dueMs <= nowMs; dueMs = this.#queue.nextMs) {
      const lease = this.#queue.pop();
      if (lease?.state !== 'active' || lease.scheduledMs !== dueMs) continue;
      lease.scheduledMs = Infinity;
      if (lease.deadlineMs <= nowMs || lease.maxDeadlineMs <= nowMs) {
        due.expired(lease);
        continue;
      }
      if (!lease.warned && warningMs(lease) <= nowMs) {
        lease.warned = true;
        due.expiring(lease);
      }
      this.schedule(lease);
    }
  }

  /**
   * What ended, or moved, long before its deadline must not pile up: one entry a lease is kept. Call after each
   * `schedule`, and after each lease that ended.
   *
   * @param active how many leases are active
   */
  compact(active: number): void {
    if (this.#queue.size <= 2 * active + 64) return;
    const kept = new Set<Lease>();
    this.#queue.compact((lease, timeMs) => {
      if (lease.state !== 'active' || lease.scheduledMs !== timeMs || kept.has(lease)) return false;
      kept.add(lease);
      return true;
    });
  }
}
