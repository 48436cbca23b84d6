import { describe, expect, test } from 'vitest';
import { nameOf, nameOfSender } from '#core/explain-names.ts';
import { memoryWords, spanWords } from '#core/explain-units.ts';
import { processOf } from './explain-world.ts';

describe('a process in a sentence', () => {
  test.each([
    ['/usr/bin/python3 /home/ada/backend.py --fast', 'python3 backend.py --fast (pid 7)'],
    ['kill -9 4242', 'kill -9 4242 (pid 7)'],
    ['', 'comm (pid 7)'],
    [`sh -c ${'x'.repeat(100)}`, `sh -c ${'x'.repeat(53)}… (pid 7)`],
    ['sh -c a\nb', 'sh -c a b (pid 7)'],
  ])('%j', (cmdline, words) => {
    expect(nameOf(processOf(7, 'comm', cmdline))).toBe(words);
  });

  test('of which nothing is known', () => {
    expect(nameOf(null, 7)).toBe('pid 7');
    expect(nameOf({ pid: 7, uid: 0, comm: '', ancestry: [] })).toBe('pid 7');
  });

  test('a mere tool stands with those who used it; others stand for themselves', () => {
    const chain = [
      [5, 'bash'],
      [3, 'agent'],
      [1, 'systemd'],
    ] as const;
    const ancestry = chain.map(([pid, comm]) => [pid, comm] as [number, string]);
    expect(nameOfSender(processOf(7, 'pkill', 'pkill -f pytest', ...ancestry))).toBe(
      'pkill -f pytest (pid 7) < bash (pid 5) < agent (pid 3)',
    );
    expect(nameOfSender(processOf(7, 'python3', 'python3 b.py', ...ancestry))).toBe('python3 b.py (pid 7)');
  });
});

test.each([
  [40_000_000n, '40 ms'],
  [2_040_000_000n, '2.0 s'],
  [200_000_000_000n, '3 min 20 s'],
  [7_200_000_000_000n, '2.0 h'],
])('%i ns', (ns, words) => {
  expect(spanWords(ns)).toBe(words);
});

test.each([
  [32 * 2 ** 20, '32 MiB'],
  [1.5 * 2 ** 30, '1.5 GiB'],
  [40 * 2 ** 30, '40 GiB'],
])('%i bytes', (bytes, words) => {
  expect(memoryWords(bytes)).toBe(words);
});
