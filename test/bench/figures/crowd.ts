import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { framesOf, requestFrame } from '../support/frames.ts';
import { Omnid } from '../support/omnid.ts';
import { Peer } from '../support/peer.ts';
import { Sleepers } from '../support/sleepers.ts';
import { median, percentile } from '../support/statistics.ts';

export const figures: readonly FigureName[] = [
  'check-under-flood-p50',
  'check-under-flood-p99',
  'check-beside-unread-p50',
  'check-beside-unread-p99',
];

const rounds = 9;
const questions = 2000;

/** What a peer that asks without end, or never reads, does to another that asks one question after the other. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await Omnid.start(context);
  await using sleepers = await Sleepers.start(1);
  const [pid = 0] = sleepers.pids;
  using peer = await Peer.connect(omnid.socket);
  await peer.ask(requestFrame(1, 'lease.register', { pid }));
  const frames = framesOf('protection.check', { pids: [pid] });
  const ask = (): Promise<readonly number[]> => peer.latencies(frames, questions);
  await ask();

  const rows: Row[] = [];
  const quiet: (readonly number[])[] = [];
  const flooded: (readonly number[])[] = [];
  const unread: (readonly number[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    quiet.push(await ask());
    flooded.push(await beside(context, [omnid.socket, String(pid), 'flood'], ask));
    quiet.push(await ask());
    unread.push(await beside(context, [omnid.socket, String(pid), 'unread'], ask));
  }
  for (const [crowd, times] of [
    ['under-flood', flooded],
    ['beside-unread', unread],
  ] as const) {
    for (const p of [50, 99] as const) {
      const at = (all: readonly (readonly number[])[]): number => median(all.map((each) => percentile(each, p)));
      rows.push(measured(`check-${crowd}-p${p}`, { value: at(times), reference: at(quiet) }));
    }
  }
  return rows.filter(({ figure }) => context.wants(figure));
}

/** Asks while a hostile peer in a process of its own does its worst. */
async function beside(
  context: BenchContext,
  args: readonly string[],
  ask: () => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const program = join(import.meta.dirname, '../support/flooder.ts');
  const child = spawn(context.node, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  try {
    await Promise.race([once(child.stdout, 'data'), exited]);
    return await ask();
  } finally {
    child.stdin.end();
    await exited;
  }
}
