import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { requestFrame } from '../support/frames.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { Peer } from '../support/peer.ts';
import { wallMs } from '../support/process.ts';
import { Sleepers } from '../support/sleepers.ts';

export const figures: readonly FigureName[] = ['omnictl-status-cold'];

/** As many as the screen shows. */
const leases = 5;

/** The command as people type it, launcher and all, to a server that has something to show. Each time a new process. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await Omnid.start(context);
  await using sleepers = await Sleepers.start(leases);
  using owner = await Peer.connect(omnid.socket);
  for (const pid of sleepers.pids) await owner.ask(requestFrame(1, 'lease.register', { pid, label: 'bench' }));

  const omnictl = join(context.root, 'node_modules/.bin/omnictl');
  const pair = await measurePaired(
    () => wallMs(omnictl, ['status'], { env: omnid.env }),
    () => wallMs(context.node, ['-e', '0'], { env: omnid.env }),
    { pairs: 80, warmup: 5 },
  );
  context.note(`omnictl-status-cold: ${spreadWords(pair)}`);
  return [measured('omnictl-status-cold', pair)];
}
