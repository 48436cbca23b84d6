import { hogFigure, hogMeasures, type HogFigure, type HogMeasure } from '#test/bench/hog-targets.ts';
import { hogNames, type Contest, type HogName } from '#test/vm/guest/support/contest/kinds.ts';
import { Bench } from '#test/vm/host/bench.ts';
import { diskMachine } from '#test/vm/host/disk-machine.ts';
import { memoryDaemons } from '#test/vm/host/memory-daemons.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import { hogLines } from '../support/hog-table.ts';

const measures = Object.keys(hogMeasures) as readonly HogMeasure[];
/** One kind of hog for all who watch. */
const scenarioMsMax = 400_000;

export const figures: readonly HogFigure[] = hogNames.flatMap((name) => measures.map((measure) => hogFigure(name, measure)));

/** Debian on a disk, emulated: ratios mean something, and no absolute time does. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const wanted = hogNames.filter((name) => measures.some((measure) => context.wants(hogFigure(name, measure))));
  const { entries, versions } = await memoryDaemons();
  await using bench = await Bench.prepare((folder) => diskMachine(folder, entries));
  if (bench.unavailable !== undefined) throw new Error(bench.unavailable);
  context.note(`beside ${versions.join(', ')}`);
  const rows: Row[] = [];
  for (const name of wanted) rows.push(...(await runHog(context, bench, name)));
  return rows.filter(({ figure }) => context.wants(figure));
}

/** What was measured before a contest was the end of its runner, or of the machine, is told as well. */
async function runHog(context: BenchContext, bench: Bench, name: HogName): Promise<readonly Row[]> {
  const report = await bench.run(`bench/hogs/${fileOf(name)}`, scenarioMsMax).catch((error: unknown) => ({
    outcome: 'failed',
    reason: String(error),
    output: '',
  }));
  const contests = report.output
    .split('\n')
    .filter((line) => line.startsWith('{"watcher"'))
    .map((line) => JSON.parse(line) as Contest);
  for (const line of hogLines(name, contests)) context.note(line);
  if (report.outcome !== 'passed') context.note(`${name}: ${report.reason ?? report.outcome}\n${report.output}`);
  return measures.map((measure) => ({
    ...rowOf(name, measure, contests, report.reason),
    ...(measure === 'lost' ? { detail: contests } : {}),
  }));
}

function rowOf(name: HogName, measure: HogMeasure, contests: readonly Contest[], reason = 'gave no result'): Row {
  const of = (watcher: Contest['watcher']): number | undefined => {
    const contest = contests.find((each) => each.watcher === watcher);
    return contest === undefined ? undefined : (values[measure](contest) ?? undefined);
  };
  const [value, reference] = [of('omnid'), of('earlyoomAvoid')];
  // Memory that never came to the threshold is no failure: nothing had to be waited for.
  if (value === undefined) return notRun(hogFigure(name, measure), contests.length === 5 ? 'it never came to that' : reason);
  return measured(hogFigure(name, measure), reference === undefined ? { value } : { value, reference });
}

const values: Readonly<Record<HogMeasure, (contest: Contest) => number | null>> = {
  lost: ({ lost }) => lost.length,
  death: ({ deathMs }) => deathMs,
  stall: ({ longestStallMs }) => longestStallMs,
  cpu: ({ watcherCpuSeconds }) => watcherCpuSeconds,
  rss: ({ watcherRssMiB }) => watcherRssMiB,
};

function fileOf(name: HogName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
