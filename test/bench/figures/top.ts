import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { Fleet } from '../support/fleet.ts';
import { requestFrame } from '../support/frames.ts';
import { Omnid } from '../support/omnid.ts';
import { cpuSeconds } from '../support/process.ts';
import { Sleepers } from '../support/sleepers.ts';

export const figures: readonly FigureName[] = ['top-cpu-1000-processes'];

const processes = 1000;
/** Start, the first looks, and what they compile. */
const settleMs = 10_000;
const watchedMs = 60_000;

/**
 * A thousand protected processes of a thousand leases (the most rows that there can be), and somebody who watches them on
 * a terminal, as it is by default: a look each 2 s. What the view itself takes of the machine; script(1) is the terminal.
 */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await Omnid.start(context);
  await using sleepers = await Sleepers.start(processes);
  {
    using fleet = await Fleet.connect(omnid.socket, 10);
    await fleet.rate(sleepers.pids.map((pid) => requestFrame(pid, 'lease.register', { pid, label: `bench ${String(pid)}` })));
  }
  const omnictl = join(context.root, 'node_modules/.bin/omnictl');
  // The launcher becomes Node, and the shell the launcher: it tells the pid before.
  const command = `stty cols 120 rows 40; echo "pid $$"; exec '${omnictl}' top`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { env: omnid.env, stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const pid = await pidOf(terminal.stdout);
    await wait(settleMs);
    const before = cpuSeconds(pid);
    const startMs = performance.now();
    await wait(watchedMs);
    const seconds = (performance.now() - startMs) / 1000;
    return [measured('top-cpu-1000-processes', { value: ((cpuSeconds(pid) - before) / seconds) * 100 })];
  } finally {
    const ended = once(terminal, 'exit');
    terminal.stdin.write('q');
    await ended;
  }
}

/** The pid that the terminal shows first. What comes after is read and forgotten: it would hold up the view. */
async function pidOf(output: NodeJS.ReadableStream): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let text = '';
  output.on('data', (chunk: Buffer) => {
    if (text.length < 4096) text += chunk.toString();
    const pid = /^pid (\d+)\r?$/m.exec(text)?.[1];
    if (pid !== undefined) resolve(Number(pid));
  });
  output.on('end', () => {
    reject(new Error(`omnictl top did not start: ${text}`));
  });
  return await promise;
}
