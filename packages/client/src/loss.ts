export type LostListener = (cause: Error) => void;

/** An event that happens at most once, and is told to those who come later too. */
export class Loss {
  readonly #listeners = new Set<LostListener>();
  #cause: Error | undefined;

  listen(listener: LostListener): void {
    if (this.#cause === undefined) this.#listeners.add(listener);
    else tell(listener, this.#cause);
  }

  unlisten(listener: LostListener): void {
    this.#listeners.delete(listener);
  }

  /** Tells every listener. Only the first call counts. */
  announce(cause: Error): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    for (const listener of this.#listeners) tell(listener, cause);
    this.#listeners.clear();
  }
}

/** Each in a turn of its own: what one listener throws is its own failure, and stops neither the others nor us. */
function tell(listener: LostListener, cause: Error): void {
  queueMicrotask(() => {
    listener(cause);
  });
}
