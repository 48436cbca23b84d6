import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { SignalEvent } from '#protocol/history.ts';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import type { Omnid } from '../support/omnid.ts';
import { Target } from '../support/senders.ts';
import { rowsOf, sentinelAbsence, startSentinelOmnid } from '../support/sentinel-omnid.ts';
import { Sleepers } from '../support/sleepers.ts';
import { median, percentile } from '../support/statistics.ts';

export const figures: readonly FigureName[] = ['sentinel-kill-to-row-p99', 'sentinel-kill-to-row-p50', 'sentinel-attached'];

const kills = 300;
const starts = 11;

/** How soon: from the kill to its row on a screen, and from the start of the server to the first signal that it sees. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const rows: Row[] = [];
  {
    await using omnid = await startSentinelOmnid(context);
    const absence = await sentinelAbsence(omnid);
    if (absence !== undefined) return figures.filter(context.wants).map((figure) => notRun(figure, absence));
    if (context.wants('sentinel-kill-to-row-p99') || context.wants('sentinel-kill-to-row-p50')) {
      const samples = await killsToRows(context, omnid);
      rows.push(measured('sentinel-kill-to-row-p99', { value: percentile(samples, 99) }));
      rows.push(measured('sentinel-kill-to-row-p50', { value: median(samples) }));
    }
  }
  if (context.wants('sentinel-attached')) {
    const samples: number[] = [];
    while (samples.length < starts) samples.push(await attachedMs(context));
    context.note(`attached: ${samples.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    rows.push(measured('sentinel-attached', { value: median(samples) }));
  }
  return rows;
}

/** One after the other, each as soon as the row of the one before was printed. @returns milliseconds for each */
async function killsToRows(context: BenchContext, omnid: Omnid): Promise<number[]> {
  await using sleepers = await Sleepers.start(kills);
  const args = ['history', '--follow', '--signal', '9', '--json'];
  const follower = spawn(join(context.root, 'node_modules/.bin/omnictl'), args, {
    env: omnid.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(follower, 'exit');
  const lines = createInterface(follower.stdout)[Symbol.asyncIterator]();
  const rowOf = async (pid: number): Promise<void> => {
    for (;;) {
      const { value } = await lines.next();
      if (value === undefined) throw new Error('omnictl history --follow has ended');
      if ((JSON.parse(value) as SignalEvent).target?.pid === pid) return;
    }
  };
  try {
    const samples: number[] = [];
    for (const [index, pid] of sleepers.pids.entries()) {
      const startMs = performance.now();
      process.kill(pid, 'SIGKILL');
      await rowOf(pid);
      // The first waits for omnictl's own start.
      if (index > 0) samples.push(performance.now() - startMs);
    }
    return samples;
  } finally {
    follower.kill('SIGKILL');
    await exited;
  }
}

/** A process is sent a signal every millisecond while a server starts: the first that it recorded tells when it was there. */
async function attachedMs(context: BenchContext): Promise<number> {
  await using target = await Target.start('ignores');
  const timer = setInterval(() => process.kill(target.pid, 'SIGTERM'), 1);
  const startNs = process.hrtime.bigint();
  try {
    await using omnid = await startSentinelOmnid(context);
    for (;;) {
      const [first] = await rowsOf(omnid, { target: target.pid, source: 'sentinel' });
      if (first !== undefined) return Number(BigInt(first.monotonicNs) - startNs) / 1e6;
      await wait(20);
    }
  } finally {
    clearInterval(timer);
  }
}
