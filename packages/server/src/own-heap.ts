import { getHeapStatistics } from 'node:v8';

/** What must have come on top since the last time: a collection that frees less is not worth its time. */
const grownBytesMin = 4 * 2 ** 20;
/** A collection stops the program for some milliseconds a mebibyte that is used: a large heap is left to V8. */
const usedBytesMax = 64 * 2 ** 20;

/**
 * The heap of a program that rests. V8 collects when it needs room, and a program that does nothing needs none: what a burst
 * of work left behind would stay for days.
 */
export class OwnHeap {
  #keptBytes = 0;

  /** Collects, where that is worth its time. It takes the flag `--expose-gc`. @returns bytes that were given back */
  release(): number {
    const before = getHeapStatistics();
    const isWorth = before.total_physical_size >= this.#keptBytes + grownBytesMin && before.used_heap_size <= usedBytesMax;
    if (globalThis.gc === undefined || !isWorth) return 0;
    // The last resort alone gives the pages back that new objects were made in.
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    this.#keptBytes = getHeapStatistics().total_physical_size;
    return before.total_physical_size - this.#keptBytes;
  }
}
