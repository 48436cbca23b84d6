import type { SignalEvent } from '#protocol/history.ts';

/** Rows remembered at most: a row changes soon after it was made, or not at all. */
const rowsMax = 10_000;

/** What a reader was told already: each state of a row once, and no older one after a newer. */
export class Told {
  readonly #rows = new Map<number, SignalEvent>();
  #lastId = 0;

  /** @returns whether the row, or this state of it, is news; from then on it is not */
  isNews(event: SignalEvent): boolean {
    const before = this.#rows.get(event.id);
    if (before === undefined ? this.#isForgotten(event.id) : !isLater(event, before)) return false;
    this.#rows.delete(event.id);
    this.#rows.set(event.id, event);
    this.#lastId = Math.max(this.#lastId, event.id);
    this.#forget();
    return true;
  }

  /** The lowest id that may hold news: what comes after the last one, and kills that were not over. */
  get firstOpenId(): number {
    let first = this.#lastId + 1;
    for (const { id, outcome } of this.#rows.values()) {
      if (outcome === 'intended') first = Math.min(first, id);
    }
    return first;
  }

  /** A row so old that it is not remembered was told. */
  #isForgotten(id: number): boolean {
    return this.#rows.size >= rowsMax && id < this.#lastId - rowsMax;
  }

  #forget(): void {
    for (const id of this.#rows.keys()) {
      if (this.#rows.size <= rowsMax) return;
      this.#rows.delete(id);
    }
  }
}

/** A row grows: from the intent to the outcome, in its count, in its last time. */
function isLater(event: SignalEvent, before: SignalEvent): boolean {
  if (event.count !== before.count) return event.count > before.count;
  if (event.lastAt !== before.lastAt) return event.lastAt > before.lastAt;
  return event.outcome !== before.outcome
    ? before.outcome === 'intended'
    : event.termination !== before.termination && before.termination === undefined;
}
