import { onTestFailed } from 'vitest';

/** A small generator (mulberry32): the same seed gives the same numbers on every machine. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.below(256);
    return bytes;
  }
}

/** A new seed for each run of a test, told where the test fails: OMNIMIND_TEST_SEED runs it again. */
export function newRandom(): Random {
  const given = process.env['OMNIMIND_TEST_SEED'];
  const random = new Random(given === undefined ? Date.now() >>> 0 : Number(given));
  onTestFailed(() => {
    console.log(`OMNIMIND_TEST_SEED=${String(random.seed)}`);
  });
  return random;
}
