import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SentinelUnavailable } from '#linux/sentinel/unavailable.ts';
import type { FigureName } from '#test/bench/targets.ts';
import { forkExecUs, killUs } from '../support/costs.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { Target } from '../support/senders.ts';

export const figures: readonly FigureName[] = ['sentinel-kill-handled', 'sentinel-kill-unrecorded', 'sentinel-fork-exec'];

const SIGUSR1 = 10;
const SIGTERM = 15;
const commands = 300;
const pairs = 25;
const warmup = 3;

/** What the sentinel costs whoever sends a signal or starts a program: the same with and without it, in turn. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  try {
    await Sentinel.open({ guard: false }).close();
  } catch (error) {
    if (!(error instanceof SentinelUnavailable)) throw error;
    return figures.filter(context.wants).map((figure) => notRun(figure, error.message));
  }
  await using target = await Target.start('handles');
  const rows: Row[] = [];
  const take = async (figure: FigureName, measure: () => number): Promise<void> => {
    if (!context.wants(figure)) return;
    const pair = await measurePaired(() => underSentinel(measure), measure, { pairs, warmup });
    context.note(`${figure}: ${spreadWords(pair)}`);
    rows.push(measured(figure, pair));
  };
  await take('sentinel-kill-handled', () => killUs(target.pid, SIGTERM));
  await take('sentinel-kill-unrecorded', () => killUs(target.pid, SIGUSR1));
  await take('sentinel-fork-exec', () => forkExecUs(commands));
  return rows;
}

async function underSentinel(measure: () => number): Promise<number> {
  await using _sentinel = Sentinel.open({ guard: false });
  return measure();
}
