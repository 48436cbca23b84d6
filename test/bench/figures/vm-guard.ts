import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { inMachine } from '../support/machine.ts';
import { spreadWords, type Paired } from '../support/paired.ts';

export const figures: readonly FigureName[] = ['vm-guard-fork-exec', 'vm-guard-kill', 'vm-guard-kill-refused'];

/** With sentinel and guard against without, on Debian's stock kernel, emulated: ratios mean something, and no absolute time does. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const { forkExec, kill, refused } = await inMachine<Record<'forkExec' | 'kill' | 'refused', Paired>>('what-the-guard-costs');
  const pairs = { 'vm-guard-fork-exec': forkExec, 'vm-guard-kill': kill, 'vm-guard-kill-refused': refused } as const;
  const rows: Row[] = [];
  for (const [figure, pair] of Object.entries(pairs) as [FigureName, Paired][]) {
    if (!context.wants(figure)) continue;
    context.note(`${figure}: ${spreadWords(pair)}`);
    rows.push(measured(figure, pair));
  }
  return rows;
}
