import type { HistoryFilter } from '#protocol/history.ts';
import { slowReaderBytes, type Session } from './session.ts';
import type { EventRow } from './store/event-rows.ts';
import { eventOf } from './store/event-text.ts';
import type { Store } from './store/store.ts';

/** Tells one subscriber of committed events. A slow one is told what it missed, and holds up nobody. */
export class HistoryFeed {
  readonly #id: string;
  readonly #session: Session;
  readonly #stop: () => void;
  #missed: { count: number; fromId: number; toId: number } | undefined;

  constructor(id: string, session: Session, filter: HistoryFilter, store: Store) {
    this.#id = id;
    this.#session = session;
    this.#stop = store.listen((row) => {
      if (matches(row, filter)) this.#tell(row);
    });
  }

  #tell(row: EventRow): void {
    const { outlet, caller } = this.#session;
    if (this.#missed !== undefined) {
      this.#missed.count += 1;
      this.#missed.toId = Math.max(this.#missed.toId, row.id);
      this.#missed.fromId = Math.min(this.#missed.fromId, row.id);
    } else if (outlet.writableBytes > slowReaderBytes) {
      this.#missed = { count: 1, fromId: row.id, toId: row.id };
      void outlet.drained().then(() => {
        this.#tellMissed();
      });
    } else outlet.notify('history.event', { subscriptionId: this.#id, event: eventOf(row, caller) });
  }

  #tellMissed(): void {
    const missed = this.#missed;
    this.#missed = undefined;
    if (missed !== undefined) this.#session.outlet.notify('history.missed', { subscriptionId: this.#id, ...missed });
  }

  close(): void {
    this.#stop();
  }
}

/** The filters of history.query, for one row. */
function matches(row: EventRow, filter: HistoryFilter): boolean {
  if (filter.signal !== undefined && row.signal !== filter.signal) return false;
  if (filter.outcome !== undefined && row.outcome !== filter.outcome) return false;
  if (filter.source !== undefined && row.source !== filter.source) return false;
  if (filter.leaseId !== undefined && row.lease_id !== filter.leaseId) return false;
  if (filter.pid !== undefined && row.sender_pid !== filter.pid && row.target_pid !== filter.pid) return false;
  return isProcess(filter.sender, row.sender_pid, row.sender_comm) && isProcess(filter.target, row.target_pid, row.target_comm);
}

function isProcess(wanted: number | string | undefined, pid: number | null, comm: string | null): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'number' ? wanted === pid : wanted === comm;
}
