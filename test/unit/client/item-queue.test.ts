import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ItemQueue } from '#client/item-queue.ts';

/** Items are ranges; merged, they cover both. */
type Range = readonly [number, number];
const merge = (a: Range, b: Range): Range => [a[0], b[1]];

test('items come in order, to readers that wait and to those that come later', async () => {
  const queue = new ItemQueue<number>(8, (_last, next) => next);
  const first = queue.next();
  const second = queue.next();
  for (const item of [1, 2, 3]) queue.push(item);
  expect(await Promise.all([first, second, queue.next()])).toEqual([1, 2, 3].map((value) => ({ done: false, value })));
});

test('it holds no more than its bound, and no item goes missing unsaid', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 60 }), async (itemsMax, steps) => {
      const queue = new ItemQueue<Range>(itemsMax, merge);
      const seen: Range[] = [];
      let pushed = 0;
      let held = 0;
      const read = async (): Promise<void> => {
        const { value } = await queue.next();
        if (value !== undefined) seen.push(value);
        held -= 1;
      };
      for (const isPush of steps) {
        if (isPush) {
          queue.push([pushed, pushed]);
          pushed += 1;
          held = Math.min(held + 1, itemsMax + 1);
        } else if (held > 0) await read();
      }
      while (held > 0) await read();
      expect(seen.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))).toEqual(
        Array.from({ length: pushed }, (_, index) => index),
      );
    }),
  );
});

test('after its end, what is held can be read; then it is done', async () => {
  const queue = new ItemQueue<number>(8, (_last, next) => next);
  queue.push(1);
  queue.end();
  queue.push(2);
  expect(await queue.next()).toEqual({ done: false, value: 1 });
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('a failure is thrown once, after what is held', async () => {
  const queue = new ItemQueue<number>(8, (_last, next) => next);
  queue.push(1);
  queue.end(new Error('gone'));
  expect(await queue.next()).toEqual({ done: false, value: 1 });
  await expect(queue.next()).rejects.toThrow('gone');
  expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test('its end wakes all who wait: the first with the failure', async () => {
  const queue = new ItemQueue<number>(8, (_last, next) => next);
  const readers = Promise.allSettled([queue.next(), queue.next()]);
  queue.end(new Error('gone'));
  expect((await readers).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});
