import { guiltOf } from './guilt.ts';
import type { ProcessColumns } from './process-columns.ts';
import type { ProcessTrends } from './process-trends.ts';

/** Rows by guilt, the guiltiest first: a heap over arrays made beforehand, from which only as many are taken as are wanted. */
export class Ranking {
  readonly #rows: Int32Array;
  readonly #guilt: Float64Array;
  #size = 0;

  /** @param capacity of the columns */
  constructor(capacity: number) {
    this.#rows = new Int32Array(capacity);
    this.#guilt = new Float64Array(capacity);
  }

  /** Orders all rows anew; those whose end would free nothing are left out. */
  fill(columns: ProcessColumns, trends: ProcessTrends): void {
    this.#size = 0;
    for (let row = 0; row < columns.count; row += 1) {
      const guilt = guiltOf(columns, trends, row);
      if (guilt <= 0) continue;
      this.#rows[this.#size] = row;
      this.#guilt[this.#size] = guilt;
      this.#size += 1;
    }
    for (let at = (this.#size >> 1) - 1; at >= 0; at -= 1) this.#sink(at);
  }

  /** Takes the guiltiest that is left. @returns its row, or -1 where none is left */
  next(): number {
    if (this.#size === 0) return -1;
    const row = this.#rows[0] ?? -1;
    this.#size -= 1;
    this.#put(0, this.#rows[this.#size] ?? 0, this.#guilt[this.#size] ?? 0);
    this.#sink(0);
    return row;
  }

  #sink(start: number): void {
    const row = this.#rows[start] ?? 0;
    const guilt = this.#guilt[start] ?? 0;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#guiltAt(child + 1) > this.#guiltAt(child)) child += 1;
      if (this.#guiltAt(child) <= guilt) break;
      this.#put(at, this.#rows[child] ?? 0, this.#guiltAt(child));
      at = child;
    }
    this.#put(at, row, guilt);
  }

  #guiltAt(at: number): number {
    return this.#guilt[at] ?? 0;
  }

  #put(at: number, row: number, guilt: number): void {
    this.#rows[at] = row;
    this.#guilt[at] = guilt;
  }
}
