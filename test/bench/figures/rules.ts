import type { FigureName } from '#test/bench/targets.ts';
import type { Lease } from '#core/lease.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { measurePaired, spreadWords } from '../support/paired.ts';
import { RulesWorld } from '../support/rules-world.ts';
import { median } from '../support/statistics.ts';

export const figures: readonly FigureName[] = [
  'rules-check-100000-leases',
  'rules-check-anywhere-100000-leases',
  'rules-register-100000-leases',
];

const few = 10;
const many = 100_000;
const firstPid = 10_000;
const questions = 20_000;
const batches = 500;
/** Registrations that are timed together: one alone is too short for the clock. As many are dropped again, untimed. */
const batch = 10;
const pairs = 41;
const warmup = 8;

/**
 * What the number of leases costs in the rules alone. The check asks about the same ten processes in both tables, so that
 * it tells what the rules do more where there is more; anywhere in the larger table, each question meets leases that no
 * cache of the machine holds, and that is told beside it.
 */
export function run(context: BenchContext): Promise<readonly Row[]> {
  const small = worldOf(few);
  const large = worldOf(many);
  return takeAll(context, {
    'rules-check-100000-leases': [() => checkUs(large, few), () => checkUs(small, few)],
    'rules-check-anywhere-100000-leases': [() => checkUs(large, many), () => checkUs(small, few)],
    'rules-register-100000-leases': [() => registerUs(large), () => registerUs(small)],
  });
}

type Measures = Partial<Record<FigureName, readonly [value: () => number, reference: () => number]>>;

async function takeAll(context: BenchContext, measures: Measures): Promise<Row[]> {
  const rows: Row[] = [];
  for (const figure of figures) {
    const [value, reference] = measures[figure] ?? [];
    if (value === undefined || reference === undefined || !context.wants(figure)) continue;
    const pair = await measurePaired(value, reference, { pairs, warmup });
    context.note(`${figure}: ${spreadWords(pair)}`);
    rows.push(measured(figure, pair));
  }
  return rows;
}

function worldOf(leases: number): RulesWorld {
  const world = new RulesWorld();
  for (let index = 0; index < leases; index += 1) world.register(firstPid + index);
  return world;
}

/** @param spread how many different processes are asked about */
function checkUs(world: RulesWorld, spread: number): number {
  const pids = Int32Array.from({ length: questions }, () => firstPid + Math.floor(Math.random() * spread));
  const startMs = performance.now();
  for (const pid of pids) world.check(pid);
  return ((performance.now() - startMs) / questions) * 1000;
}

let nextPid = 1_000_000;

/** The median of many batches: a collection of garbage that falls into one of them is the heap's matter, not the rules'. */
function registerUs(world: RulesWorld): number {
  const samples: number[] = [];
  for (let index = 0; index < batches; index += 1) {
    const leases: Lease[] = [];
    const startMs = performance.now();
    for (let count = 0; count < batch; count += 1) leases.push(world.register((nextPid += 1)));
    samples.push(((performance.now() - startMs) / batch) * 1000);
    for (const lease of leases) world.drop(lease);
  }
  return median(samples);
}
