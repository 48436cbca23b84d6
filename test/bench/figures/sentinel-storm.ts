import { setTimeout as wait } from 'node:timers/promises';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import type { Omnid } from '../support/omnid.ts';
import { cpuSeconds } from '../support/process.ts';
import { runSender, Target } from '../support/senders.ts';
import { ask, countOf, rowsOf, sentinelAbsence, startSentinelOmnid } from '../support/sentinel-omnid.ts';

export const figures: readonly FigureName[] = [
  'sentinel-storm-unaccounted',
  'sentinel-storm-rows',
  'sentinel-cpu-1000-signals',
  'sentinel-cpu-1000-deaths',
];

const storm = 1_000_000;
/** One process, one signal, as fast as it goes. */
const stormProgram = 'my ($pid, $times) = map { $_ + 0 } @ARGV; for (1 .. $times) { kill 15, $pid }';

const perSecond = 1000;
const seconds = 10;
const targets = 50;
/** In turn to each, ten every ten milliseconds by the clock: what one is late the next makes up for. */
const steadyProgram = `
  my ($seconds, @pids) = map { $_ + 0 } @ARGV;
  my $sent = 0;
  while ($sent < $seconds * ${String(perSecond)}) {
    select(undef, undef, undef, 0.01);
    for (1 .. 10) { kill 15, $pids[$sent++ % @pids] }
  }
`;
/** Every one of another process, which was started for it. */
const deathsProgram = `
  my ($seconds) = map { $_ + 0 } @ARGV;
  for (1 .. $seconds * 100) {
    select(undef, undef, undef, 0.002);
    for (1 .. 10) {
      my $child = fork() // die $!;
      if ($child == 0) { sleep 1000; exit }
      kill 9, $child;
      waitpid $child, 0;
    }
  }
`;

/** A server that sees every signal on this machine: the storm's total, and what ordinary times cost. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await startSentinelOmnid(context);
  const absence = await sentinelAbsence(omnid);
  if (absence !== undefined) return figures.filter(context.wants).map((figure) => notRun(figure, absence));
  const rows: Row[] = [];
  if (context.wants('sentinel-storm-unaccounted') || context.wants('sentinel-storm-rows'))
    rows.push(...(await stormRows(context, omnid)));
  if (context.wants('sentinel-cpu-1000-signals')) {
    await using stack = new AsyncDisposableStack();
    const pids: number[] = [];
    while (pids.length < targets) pids.push(stack.use(await Target.start('ignores')).pid);
    rows.push(measured('sentinel-cpu-1000-signals', { value: await cpuPercent(omnid, steadyProgram, [seconds, ...pids]) }));
  }
  if (context.wants('sentinel-cpu-1000-deaths')) {
    rows.push(measured('sentinel-cpu-1000-deaths', { value: await cpuPercent(omnid, deathsProgram, [seconds]) }));
  }
  return rows;
}

async function stormRows(context: BenchContext, omnid: Omnid): Promise<Row[]> {
  await using target = await Target.start('ignores');
  const { pid, ms } = await runSender(stormProgram, [target.pid, storm]);
  const rows = await allOf(omnid, pid, storm);
  const { droppedEvents } = await ask<{ droppedEvents: number }>(omnid, 'server.status', {});
  context.note(
    `storm: ${String(countOf(rows))} of ${String(storm)} in ${String(rows.length)} rows, ${String(droppedEvents)} dropped, ${ms.toFixed(0)} ms`,
  );
  return [
    measured('sentinel-storm-unaccounted', { value: Math.abs(storm - countOf(rows)) + droppedEvents }),
    measured('sentinel-storm-rows', { value: rows.length }),
  ];
}

/** What a second of such signals takes of a core, of the server: for a thousand of those that it recorded. */
async function cpuPercent(omnid: Omnid, program: string, args: readonly number[]): Promise<number> {
  const before = cpuSeconds(omnid.pid);
  const { pid, ms } = await runSender(program, args);
  const spent = cpuSeconds(omnid.pid) - before;
  const recorded = countOf(await allOf(omnid, pid, seconds * perSecond));
  if (recorded !== seconds * perSecond) throw new Error(`${String(recorded)} signals were recorded`);
  return (spent / (ms / 1000)) * 100 * (perSecond / (recorded / (ms / 1000)));
}

/** The rows of a sender, once they tell of all; what is not told in ten seconds is not told. */
async function allOf(omnid: Omnid, sender: number, expected: number): Promise<Awaited<ReturnType<typeof rowsOf>>> {
  for (let tries = 0; ; tries += 1) {
    const rows = await rowsOf(omnid, { sender, source: 'sentinel' });
    if (countOf(rows) >= expected || tries === 50) return rows;
    await wait(200);
  }
}
