import type { DroppedSeen, ExecEvent, ExitSeen, JoinSeen, OomKillSeen, SignalSeen } from './events.ts';

/** Who is told of one kind of event. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** @returns takes the listener away again */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}

/** Who is told of lists of events: an empty one is not told. */
class BatchListeners<T> extends Listeners<T[]> {
  override tell(batch: T[]): void {
    if (batch.length > 0) super.tell(batch);
  }
}

/** Everything that the sentinel tells. */
export class Feeds {
  readonly signals: Listeners<SignalSeen[]> = new BatchListeners();
  readonly exits: Listeners<ExitSeen[]> = new BatchListeners();
  readonly joins: Listeners<JoinSeen[]> = new BatchListeners();
  readonly execs: Listeners<ExecEvent[]> = new BatchListeners();
  readonly oomKills: Listeners<OomKillSeen[]> = new BatchListeners();
  readonly dropped = new Listeners<DroppedSeen>();
  /** How far the ring was read; what was found there has been told. */
  readonly read = new Listeners<number>();
}
