import { setTimeout as wait } from 'node:timers/promises';
import type { Lease } from '#protocol/lease.ts';
import type { FigureName } from '#test/bench/targets.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import { ForkGate } from '../support/fork-gate.ts';
import { framesOf, requestFrame } from '../support/frames.ts';
import type { Omnid } from '../support/omnid.ts';
import { Peer } from '../support/peer.ts';
import { cpuSeconds } from '../support/process.ts';
import { ask, sentinelAbsence, startSentinelOmnid } from '../support/sentinel-omnid.ts';
import { median, percentile } from '../support/statistics.ts';

export const figures: readonly FigureName[] = [
  'sentinel-joins',
  'sentinel-joins-cpu',
  'sentinel-joins-check-p99',
  'sentinel-joins-check-max',
];

const forks = 3000;
const rounds = 5;
/** Between two checks: asked without a pause, the server would do little else. */
const pauseMs = 2;
const idleChecks = 300;

interface Round {
  /** From the first fork until all are members. */
  readonly joinMs: number;
  /** What the server has used for that, the checks too. */
  readonly cpuMs: number;
  readonly checksUs: readonly number[];
}

/** A tree that forks thousands at once: how soon they are members, and whether the server answers meanwhile. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await startSentinelOmnid(context);
  const absence = await sentinelAbsence(omnid);
  if (absence !== undefined) return figures.filter(context.wants).map((figure) => notRun(figure, absence));
  using peer = await Peer.connect(omnid.socket);
  const alone: number[] = [];
  const joined: Round[] = [];
  const idleUs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(await forkAlone());
    for (let check = 0; check < idleChecks; check += 1) idleUs.push(await checkUs(peer));
    joined.push(await joinTree(omnid, peer));
  }
  const perSecond = (ms: number): number => (forks / ms) * 1000;
  const checksUs = joined.flatMap((round) => round.checksUs);
  const worstUs = joined.map((round) => percentile(round.checksUs, 100));
  const rate = { value: perSecond(median(joined.map(({ joinMs }) => joinMs))), reference: perSecond(median(alone)) };
  return [
    measured('sentinel-joins', rate),
    measured('sentinel-joins-cpu', { value: (median(joined.map(({ cpuMs }) => cpuMs)) * 1000) / forks }),
    measured('sentinel-joins-check-p99', { value: percentile(checksUs, 99), reference: percentile(idleUs, 99) }),
    measured('sentinel-joins-check-max', { value: median(worstUs) / 1000 }),
  ].filter(({ figure }) => context.wants(figure));
}

const checkFrames = framesOf('protection.check', { pids: [process.pid] });

async function checkUs(peer: Peer): Promise<number> {
  await wait(pauseMs);
  const [us = Number.NaN] = await peer.latencies(checkFrames, 1);
  return us;
}

async function forkAlone(): Promise<number> {
  await using gate = await ForkGate.start(forks);
  return await gate.open();
}

async function joinTree(omnid: Omnid, peer: Peer): Promise<Round> {
  await using gate = await ForkGate.start(forks);
  const { id: leaseId } = await ask<Lease>(omnid, 'lease.register', { pid: gate.pid });
  const get = requestFrame(1, 'lease.get', { leaseId });
  const startMs = performance.now();
  const startCpu = cpuSeconds(omnid.pid);
  const forked = gate.open();
  const checksUs: number[] = [];
  let members = 1;
  while (members < forks + 1) {
    checksUs.push(await checkUs(peer));
    ({ members } = (JSON.parse(await peer.ask(get)) as { result: Lease }).result);
  }
  const joinMs = performance.now() - startMs;
  const cpuMs = (cpuSeconds(omnid.pid) - startCpu) * 1000;
  await forked;
  await ask(omnid, 'lease.release', { leaseId });
  return { joinMs, cpuMs, checksUs };
}
