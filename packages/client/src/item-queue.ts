/**
 * A bounded queue between what the server tells and a program that reads at its own pace. It never holds the server up:
 * where it is full, the newest item is merged with the one before.
 */
export class ItemQueue<Item> {
  readonly #itemsMax: number;
  readonly #merge: (last: Item, next: Item) => Item;
  readonly #waiting: PromiseWithResolvers<IteratorResult<Item, undefined>>[] = [];
  #items: Item[] = [];
  #isEnded = false;
  #failure: Error | undefined;

  /**
   * @param itemsMax items held as they are; one more is held merged
   * @param merge makes one item of two that says what is missing
   */
  constructor(itemsMax: number, merge: (last: Item, next: Item) => Item) {
    this.#itemsMax = itemsMax;
    this.#merge = merge;
  }

  /** Adds an item; after the end it is left. */
  push(item: Item): void {
    if (this.#isEnded) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return;
    }
    const last = this.#items.at(-1);
    if (this.#items.length <= this.#itemsMax || last === undefined) this.#items.push(item);
    else this.#items[this.#items.length - 1] = this.#merge(last, item);
  }

  /** No more items come: those that are held can still be read, then `failure` is thrown once where there is one. */
  end(failure?: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#failure = failure;
    for (const reader of this.#waiting.splice(0)) this.#finish(reader);
  }

  /** Ends, and forgets what is held. */
  clear(): void {
    this.#items = [];
    this.end();
    this.#failure = undefined;
  }

  /** The next item, as an iterator gives it. Callers at the same time are served in order. */
  next(): Promise<IteratorResult<Item, undefined>> {
    const reader = Promise.withResolvers<IteratorResult<Item, undefined>>();
    const item = this.#items.shift();
    if (item !== undefined) reader.resolve({ done: false, value: item });
    else if (this.#isEnded) this.#finish(reader);
    else this.#waiting.push(reader);
    return reader.promise;
  }

  #finish(reader: PromiseWithResolvers<IteratorResult<Item, undefined>>): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(failure);
  }
}
