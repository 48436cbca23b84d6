import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';

export const figures: readonly FigureName[] = ['lease-heap-100000'];

const leases = 100_000;

/** In a process of its own: the heap holds nothing else, and its garbage can be collected before it is measured. */
export function run({ node }: BenchContext): Promise<readonly Row[]> {
  const program = join(import.meta.dirname, '../support/lease-heap.ts');
  const bytes = Number(execFileSync(node, ['--expose-gc', program, String(leases)], { encoding: 'utf8' }));
  return Promise.resolve([measured('lease-heap-100000', { value: bytes })]);
}
