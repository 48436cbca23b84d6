import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineQueue } from '#core/deadline-queue.ts';

type Step =
  | { readonly kind: 'push'; readonly timeMs: number }
  | { readonly kind: 'pop' }
  | { readonly kind: 'compact'; readonly keepEvery: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), timeMs: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'pop' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), keepEvery: fc.integer({ min: 1, max: 4 }) }) },
);

interface Entry {
  readonly id: number;
  readonly timeMs: number;
}

test('it does what a sorted array does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new DeadlineQueue<Entry>();
      let sorted: Entry[] = [];
      for (const [id, one] of steps.entries()) {
        if (one.kind === 'push') {
          const entry = { id, timeMs: one.timeMs };
          queue.push(entry, one.timeMs);
          sorted = [...sorted, entry].sort((a, b) => a.timeMs - b.timeMs);
        } else if (one.kind === 'pop') {
          const popped = queue.pop();
          expect(popped?.timeMs).toBe(sorted[0]?.timeMs);
          sorted = sorted.filter((entry) => entry !== popped);
        } else {
          const keep = (entry: Entry, timeMs: number): boolean => entry.timeMs === timeMs && entry.id % one.keepEvery === 0;
          queue.compact(keep);
          sorted = sorted.filter((entry) => keep(entry, entry.timeMs));
        }
        expect(queue.size).toBe(sorted.length);
        expect(queue.nextMs).toBe(sorted[0]?.timeMs ?? Infinity);
      }
      const rest: Entry[] = [];
      for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) rest.push(entry);
      expect(rest.map((entry) => entry.timeMs)).toEqual(sorted.map((entry) => entry.timeMs));
      expect(new Set(rest)).toEqual(new Set(sorted));
    }),
  );
});

test('an empty queue waits for nothing', () => {
  const queue = new DeadlineQueue<string>();
  expect(queue.nextMs).toBe(Infinity);
  expect(queue.pop()).toBeUndefined();
  queue.push('a', 5);
  expect([queue.pop(), queue.pop(), queue.nextMs]).toEqual(['a', undefined, Infinity]);
});
