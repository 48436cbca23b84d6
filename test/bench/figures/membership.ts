import { createHash } from 'node:crypto';
import type { FigureName } from '#test/bench/targets.ts';
import { readParent } from '#linux/proc-stat.ts';
import { listPids } from '#linux/process-list.ts';
import { readEnvironmentVariable } from '#linux/proc-text.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { ProcessChain } from '../support/process-chain.ts';
import { Sleepers } from '../support/sleepers.ts';
import { median } from '../support/statistics.ts';

export const figures: readonly FigureName[] = ['membership-walk-four-deep', 'membership-scan', 'membership-marker'];

const samples = 101;
const marker = 'bench-marker-of-two-and-twenty-characters';
/** So many processes more than the machine has: a look costs by the process. */
const processes = 200;

/** What it costs to know who is a member, without the sentinel: the reads that the rules make, by the server's own functions. */
export async function run({ note }: BenchContext): Promise<readonly Row[]> {
  await using chain = await ProcessChain.start(4);
  await using sleepers = await Sleepers.start(processes, { OMNIMIND_LEASE: marker });
  const [carrier = 0] = sleepers.pids;
  const walk = costUs(() => walkUp(chain.last), 200);
  const look = costUs(scan, 1);
  const found = costUs(() => findMarker(carrier), 200);
  const pids = listPids().length;
  note(`membership-scan: a look at ${String(pids)} processes takes ${(look / 1000).toFixed(1)} ms`);
  return [
    measured('membership-walk-four-deep', { value: walk }),
    measured('membership-scan', { value: look / pids }),
    measured('membership-marker', { value: found }),
  ];
}

/** Microseconds for one, the median of many times `count`. */
function costUs(work: () => void, count: number): number {
  const costs: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const startMs = performance.now();
    for (let time = 0; time < count; time += 1) work();
    costs.push(((performance.now() - startMs) / count) * 1000);
  }
  return median(costs);
}

/** As packages/core's membership does it: the parent, then the child once more, up to init. */
function walkUp(pid: number): void {
  let child = pid;
  for (let parent = readParent(pid)?.ppid ?? 0; parent > 1;) {
    const next = readParent(parent)?.ppid ?? 0;
    if (readParent(child)?.ppid !== parent) throw new Error('the chain changed meanwhile');
    child = parent;
    parent = next;
  }
}

/** As packages/server's scanner does it where no lease has a marker. */
function scan(): void {
  for (const pid of listPids()) readParent(pid);
}

function findMarker(pid: number): void {
  const found = readEnvironmentVariable(pid, 'OMNIMIND_LEASE');
  if (found !== marker) throw new Error(`pid ${String(pid)} does not carry the marker`);
  createHash('sha256').update(found).digest('base64url');
}
