/** What keeps a process alive while it is referenced: a socket or a timer. */
export interface Holder {
  ref(): unknown;
  unref(): unknown;
}

/**
 * Keeps the process alive exactly while something is awaited. A held lease or an idle connection alone does not:
 * a script that has nothing else to do ends, as it would without us.
 */
export class Liveness {
  #awaited = 0;
  readonly #holders = new Set<Holder>();

  /** Puts a socket or timer under this rule, until `delete`. */
  add(holder: Holder): void {
    this.#holders.add(holder);
    if (this.#awaited > 0) holder.ref();
    else holder.unref();
  }

  delete(holder: Holder): void {
    this.#holders.delete(holder);
  }

  /** Runs something that the program waits for. @returns its result */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#awaited += 1;
    if (this.#awaited === 1) for (const holder of this.#holders) holder.ref();
    try {
      return await work();
    } finally {
      this.#awaited -= 1;
      if (this.#awaited === 0) for (const holder of this.#holders) holder.unref();
    }
  }
}
