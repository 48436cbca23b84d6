export interface RestOptions {
  /** A rest begins so long after the last message, milliseconds; it may become twice as much. */
  readonly afterMs: number;
  /** What the server does by itself meanwhile fetches some of it back: so often a rest begins anew. */
  readonly againMs: number;
  /** Called at each beginning. */
  readonly begin: () => void;
}

/** Calls back when the server has been left alone for a while, and now and then until it is asked again. */
export class Rest {
  readonly #options: RestOptions;
  #timer: NodeJS.Timeout | undefined;
  #stirred = false;
  #isResting = false;
  #closed = false;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** Somebody asks. Cheap: it is called for each message. */
  stir(): void {
    this.#stirred = true;
    if (this.#isResting || this.#timer === undefined) this.#wait(this.#options.afterMs);
    this.#isResting = false;
  }

  #wait(waitMs: number): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#elapsed();
    }, waitMs).unref();
  }

  #elapsed(): void {
    const { afterMs, againMs, begin } = this.#options;
    this.#isResting = !this.#stirred;
    this.#stirred = false;
    if (this.#isResting) begin();
    this.#wait(this.#isResting ? againMs : afterMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
