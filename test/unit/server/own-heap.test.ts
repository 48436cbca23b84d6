import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = join(import.meta.dirname, '../../../packages/server/src/own-heap.ts');

/** Works in a program of its own: what it released. */
function released(flags: readonly string[], work: string): readonly number[] {
  const program = `
    const { OwnHeap } = await import(${JSON.stringify(file)});
    const heap = new OwnHeap();
    const makeGarbage = (mebibytes) => Array.from({ length: mebibytes * 1000 }, () => new Array(128).fill(1.5)).length;
    const released = [];
    ${work}
    console.log(JSON.stringify(released));`;
  return JSON.parse(
    execFileSync(process.execPath, [...flags, '--input-type=module', '-e', program], { encoding: 'utf8' }),
  ) as number[];
}

describe('the heap of a program that rests', () => {
  it('is collected where a burst of work left much', () => {
    const [first = 0, second] = released(
      ['--expose-gc'],
      'heap.release(); makeGarbage(30); released.push(heap.release(), heap.release());',
    );
    expect(first).toBeGreaterThan(10 * 2 ** 20);
    expect(second).toBe(0);
  });

  it('is left alone where it is large, and without the flag', () => {
    const work = (keep: string): string => `heap.release(); ${keep} makeGarbage(30); released.push(heap.release());`;
    expect(
      released(['--expose-gc'], work('globalThis.kept = new Array(80_000).fill().map(() => new Array(128).fill(1.5));')),
    ).toEqual([0]);
    expect(released([], work(''))).toEqual([0]);
  });
});
