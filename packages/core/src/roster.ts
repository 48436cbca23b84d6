/**
 * The members of one lease. Most leases have one member, so a set is made only for the second: at 100,000 leases
 * that is what keeps a lease below a kibibyte.
 */
export class Roster<Item> {
  #only: Item | undefined;
  #many: Set<Item> | undefined;

  get size(): number {
    return this.#many?.size ?? (this.#only === undefined ? 0 : 1);
  }

  add(item: Item): void {
    if (this.#many !== undefined) this.#many.add(item);
    else if (this.#only === undefined) this.#only = item;
    else if (this.#only !== item) {
      this.#many = new Set([this.#only, item]);
      this.#only = undefined;
    }
  }

  delete(item: Item): void {
    if (this.#many !== undefined) this.#many.delete(item);
    else if (this.#only === item) this.#only = undefined;
  }

  /** A copy, so that it may be changed while it is walked. */
  items(): Item[] {
    if (this.#many !== undefined) return [...this.#many];
    return this.#only === undefined ? [] : [this.#only];
  }
}
