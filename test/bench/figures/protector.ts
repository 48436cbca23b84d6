import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { Forks } from '../support/forks.ts';

const counts = [150, 1000, 10_000] as const;
const measures = ['cpu', 'look', 'garbage'] as const;

export const figures: readonly FigureName[] = counts.flatMap((count) =>
  measures.map((measure): FigureName => `protector-${measure}-${count}`),
);

interface Cost {
  readonly processes: number;
  readonly percentOfCore: number;
  readonly lookCpuMs: number;
  readonly garbageBytes: number;
}

/**
 * What watching costs, in a program of its own: CPU time of looks at the machine and at this many processes, weighed by how
 * often each is taken while memory is plentiful. Processes that are there anyway are counted in.
 */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const count of counts) {
    if (!measures.some((measure) => context.wants(`protector-${measure}-${count}`))) continue;
    await using _forks = await Forks.start(Math.max(0, count - processesNow()));
    const program = join(import.meta.dirname, '../support/protector-cost.ts');
    const cost = JSON.parse(execFileSync(context.node, ['--expose-gc', program], { encoding: 'utf8' })) as Cost;
    context.note(`protector: ${JSON.stringify(cost)}`);
    rows.push(
      measured(`protector-cpu-${count}`, { value: cost.percentOfCore }),
      measured(`protector-look-${count}`, { value: cost.lookCpuMs }),
      measured(`protector-garbage-${count}`, { value: cost.garbageBytes }),
    );
  }
  return rows;
}

function processesNow(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
}
