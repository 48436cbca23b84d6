import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { wallMs } from '../support/process.ts';

export const figures: readonly FigureName[] = ['run-cold', 'run-against-nice'];

/** What the wrapper costs a command that does nothing, whole process: launcher, lease on the disk, log, wait. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  await using omnid = await Omnid.start(context);
  const omnictl = join(context.root, 'node_modules/.bin/omnictl');
  const env = { ...omnid.env, XDG_STATE_HOME: join(context.folder, 'state') };
  const wrapped = (): number => wallMs(omnictl, ['run', '--', 'true'], { env });
  const cold = await measurePaired(wrapped, () => wallMs(context.node, ['-e', '0'], { env }), { pairs: 60, warmup: 5 });
  context.note(`run-cold: ${spreadWords(cold)}`);
  rows.push(measured('run-cold', cold));
  const nice = await measurePaired(wrapped, () => wallMs('/bin/sh', ['-c', 'nice -n 10 true'], { env }), { pairs: 40 });
  rows.push(measured('run-against-nice', nice));
  return rows;
}
