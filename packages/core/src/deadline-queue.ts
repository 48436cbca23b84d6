/**
 * A binary heap of things by their deadline. Deadlines move often (each heartbeat) and mostly later, so an entry
 * is not moved then: its owner looks at it again when the old time comes.
 */
export class DeadlineQueue<Item> {
  readonly #times: number[] = [];
  readonly #items: Item[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** The earliest time in the queue, or Infinity. */
  get nextMs(): number {
    return this.#times[0] ?? Infinity;
  }

  push(item: Item, timeMs: number): void {
    this.#times.push(timeMs);
    this.#items.push(item);
    this.#up(this.#times.length - 1);
  }

  /** Takes the earliest entry out. @returns undefined where the queue is empty */
  pop(): Item | undefined {
    const first = this.#items[0];
    const lastTime = this.#times.pop();
    const lastItem = this.#items.pop();
    if (lastTime === undefined || this.#times.length === 0) return first;
    this.#times[0] = lastTime;
    this.#items[0] = lastItem as Item;
    this.#down(0);
    return first;
  }

  /** Throws away every entry that `keep` says no to: what ended long before its deadline must not pile up. */
  compact(keep: (item: Item, timeMs: number) => boolean): void {
    const entries = this.#items.map((item, index) => ({ item, timeMs: this.#time(index) }));
    this.#items.length = 0;
    this.#times.length = 0;
    for (const { item, timeMs } of entries) if (keep(item, timeMs)) this.push(item, timeMs);
  }

  #up(index: number): void {
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#time(parent) <= this.#time(at)) return;
      this.#swap(parent, at);
      at = parent;
    }
  }

  #down(index: number): void {
    let at = index;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      if (this.#time(left) < this.#time(least)) least = left;
      if (this.#time(left + 1) < this.#time(least)) least = left + 1;
      if (least === at) return;
      this.#swap(least, at);
      at = least;
    }
  }

  #time(index: number): number {
    return this.#times[index] ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const time = this.#time(a);
    this.#times[a] = this.#time(b);
    this.#times[b] = time;
    const item = this.#items[a] as Item;
    this.#items[a] = this.#items[b] as Item;
    this.#items[b] = item;
  }
}
