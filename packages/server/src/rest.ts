/** Calls back when the server has been left alone for a while, once until it is asked again. Costs nothing while it rests. */
export class Rest {
  readonly #afterMs: number;
  readonly #begin: () => void;
  #timer: NodeJS.Timeout | undefined;
  #stirred = false;
  #closed = false;

  /**
   * @param afterMs from the last message on; it may become twice as much
   * @param begin called at the beginning of each rest
   */
  constructor(afterMs: number, begin: () => void) {
    this.#afterMs = afterMs;
    this.#begin = begin;
  }

  /** Somebody asks. Cheap: it is called for each message. */
  stir(): void {
    this.#stirred = true;
    if (this.#timer === undefined) this.#wait();
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#stirred) this.#wait();
      else this.#begin();
      this.#stirred = false;
    }, this.#afterMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
