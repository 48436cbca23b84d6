import { setTimeout as wait } from 'node:timers/promises';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { Fleet } from '../support/fleet.ts';
import { requestFrame } from '../support/frames.ts';
import { IdleNode } from '../support/idle-node.ts';
import { Omnid } from '../support/omnid.ts';
import { cpuSeconds, pssBytes, rssBytes } from '../support/process.ts';
import { Sleepers } from '../support/sleepers.ts';

export const figures: readonly FigureName[] = ['idle-cpu-1000-leases', 'idle-rss-1000-leases', 'idle-pss-1000-leases'];

const leases = 1000;
/** What the registrations leave to do: the look through the process table that follows them, garbage. */
const settleMs = 5000;
const silenceMs = 60_000;

/** A thousand protected processes, and nobody who asks: what the server takes of the machine in a minute. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await Omnid.start(context);
  await using sleepers = await Sleepers.start(leases);
  {
    using fleet = await Fleet.connect(omnid.socket, 10);
    await fleet.rate(sleepers.pids.map((pid) => requestFrame(pid, 'lease.register', { pid, label: 'bench' })));
  }
  await using bare = await IdleNode.start(context.node);
  await wait(settleMs);

  const before = cpuSeconds(omnid.pid);
  const startMs = performance.now();
  await wait(silenceMs);
  const seconds = (performance.now() - startMs) / 1000;
  const percent = ((cpuSeconds(omnid.pid) - before) / seconds) * 100;
  const mebibytes = (bytes: (pid: number) => number): { value: number; reference: number } => ({
    value: bytes(omnid.pid) / 2 ** 20,
    reference: bytes(bare.pid) / 2 ** 20,
  });
  return [
    measured('idle-cpu-1000-leases', { value: percent }),
    measured('idle-rss-1000-leases', mebibytes(rssBytes)),
    measured('idle-pss-1000-leases', mebibytes(pssBytes)),
  ];
}
