import type { HistoryFilter, SignalEvent } from '#protocol/history.ts';
import type { NotificationParams } from '#protocol/methods.ts';
import type { Session } from './session.ts';
import type { WatchKind } from './watch.ts';

export interface HistoryEventItem {
  readonly kind: 'event';
  /** A committed row; the same id again: the row has changed. */
  readonly event: SignalEvent;
}

/** The reader was slow: `count` notices between these ids were not told. `history.query` has the rows. */
export interface HistoryMissedItem {
  readonly kind: 'missed';
  readonly count: number;
  readonly fromId: number;
  readonly toId: number;
}

/** The connection was lost and made again: rows after `lastId` may be missing. `history.query` has them. */
export interface HistoryGapItem {
  readonly kind: 'gap';
  /** Highest id that was told before; null where none was. */
  readonly lastId: number | null;
  readonly cause: Error;
}

export type HistoryItem = HistoryEventItem | HistoryMissedItem | HistoryGapItem;

/** The subscription to history. */
export class HistoryWatchKind implements WatchKind<HistoryItem> {
  readonly #filter: HistoryFilter;
  #lastId: number | null = null;

  constructor(filter: HistoryFilter) {
    this.#filter = filter;
  }

  async subscribe(session: Session, timeoutMs: number): Promise<string> {
    const { subscriptionId } = await session.request('history.subscribe', this.#filter, timeoutMs);
    return subscriptionId;
  }

  unsubscribe(session: Session, subscriptionId: string, timeoutMs: number): Promise<unknown> {
    return session.request('history.unsubscribe', { subscriptionId }, timeoutMs);
  }

  toItem(name: string, params: unknown): HistoryItem | undefined {
    if (name === 'history.event') {
      const { event } = params as NotificationParams<'history.event'>;
      this.#told(event.id);
      return { kind: 'event', event };
    }
    if (name !== 'history.missed') return undefined;
    const { count, fromId, toId } = params as NotificationParams<'history.missed'>;
    this.#told(toId);
    return { kind: 'missed', count, fromId, toId };
  }

  toGap(cause: Error): HistoryItem {
    return { kind: 'gap', lastId: this.#lastId, cause };
  }

  /** A gap swallows what it stands beside, and then starts where that did: it says "look again from there" already. */
  merge(last: HistoryItem, next: HistoryItem): HistoryItem {
    if (last.kind === 'gap') return last;
    if (next.kind === 'gap') return { ...next, lastId: toMissed(last).fromId - 1 };
    const a = toMissed(last);
    const b = toMissed(next);
    return {
      kind: 'missed',
      count: a.count + b.count,
      fromId: Math.min(a.fromId, b.fromId),
      toId: Math.max(a.toId, b.toId),
    };
  }

  #told(id: number): void {
    this.#lastId = Math.max(this.#lastId ?? 0, id);
  }
}

function toMissed(item: HistoryEventItem | HistoryMissedItem): HistoryMissedItem {
  if (item.kind === 'missed') return item;
  return { kind: 'missed', count: 1, fromId: item.event.id, toId: item.event.id };
}
