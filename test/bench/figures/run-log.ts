import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { peakRssBytes, wallMs } from '../support/process.ts';

export const figures: readonly FigureName[] = ['run-log-throughput', 'run-log-rss'];

const gib = 2 ** 30;
const mib = 2 ** 20;

/** Lines of 80 bytes. */
const lines = (bytes: number): string => `yes ${'x'.repeat(79)} | head -c ${String(bytes)}`;

/** What a log costs: 1 GiB of lines kept in a file and shown to nobody, by `run` and by tee(1); and what `run` holds of it. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  await using omnid = await Omnid.start(context);
  const omnictl = join(context.root, 'node_modules/.bin/omnictl');
  const log = join(context.folder, 'run.log');
  const options = { env: omnid.env };

  if (context.wants('run-log-throughput')) {
    // At tee's priority: on a machine that others use too, nice 10 would be what is measured.
    const byRun = (): number => wallMs(omnictl, ['run', '--nice', '0', '--log', log, '--', 'sh', '-c', lines(gib)], options);
    const byTee = (): number => wallMs('/bin/sh', ['-c', `${lines(gib)} | tee ${log}`], options);
    const timed = async (measure: () => number): Promise<number> => {
      await rm(log, { force: true });
      return gib / mib / (measure() / 1000);
    };
    const pair = await measurePaired(
      () => timed(byRun),
      () => timed(byTee),
      { pairs: 6, warmup: 1 },
    );
    context.note(`run-log-throughput: ${spreadWords(pair)}`);
    rows.push(measured('run-log-throughput', pair));
  }
  if (context.wants('run-log-rss')) {
    const peakOf = async (bytes: number): Promise<number> => {
      await rm(log, { force: true });
      return (await peakRss(omnictl, ['run', '--log', log, '--', 'sh', '-c', `${lines(bytes)}; cat`], bytes, omnid.env)) / mib;
    };
    const reference = await peakOf(mib);
    rows.push(measured('run-log-rss', { value: await peakOf(gib), reference }));
  }
  await rm(log, { force: true });
  return rows;
}

/** The peak of a command that shows so many bytes and then waits for the end of its input, measured when all are shown. */
async function peakRss(command: string, args: readonly string[], bytes: number, env: NodeJS.ProcessEnv): Promise<number> {
  // The launcher becomes Node (exec): the pid is omnictl's own.
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  let shown = 0;
  const all = Promise.withResolvers<void>();
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.length;
    if (shown >= bytes) all.resolve();
  });
  await Promise.race([all.promise, exited]);
  try {
    return peakRssBytes(child.pid ?? 0);
  } finally {
    child.stdin.end();
    await exited;
  }
}
