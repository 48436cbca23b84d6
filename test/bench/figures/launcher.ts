import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { measurePaired } from '../support/paired.ts';
import { wallMs } from '../support/process.ts';
import type { FigureName } from '#test/bench/targets.ts';

export const figures: readonly FigureName[] = ['launcher-cold'];

/** What the shell in front of Node costs: bin/omnictl, called by a link as npm lays it, with a program that is empty. */
export async function run({ root, node, folder }: BenchContext): Promise<readonly Row[]> {
  await Promise.all(['bin', 'dist', 'node_modules/.bin'].map((name) => mkdir(join(folder, name), { recursive: true })));
  await Promise.all(['omnictl', 'launch.sh'].map((name) => copyFile(join(root, 'bin', name), join(folder, 'bin', name))));
  const program = join(folder, 'dist/omnictl.cjs');
  await writeFile(program, '');
  const installed = join(folder, 'node_modules', `node-linux-${process.arch}`, 'bin');
  await mkdir(dirname(installed), { recursive: true });
  await symlink(dirname(node), installed);
  const command = join(folder, 'node_modules/.bin/omnictl');
  await symlink('../../bin/omnictl', command);

  const pair = await measurePaired(
    () => wallMs(command, []),
    () => wallMs(node, [program]),
    { pairs: 60, warmup: 3 },
  );
  return [measured('launcher-cold', pair)];
}
