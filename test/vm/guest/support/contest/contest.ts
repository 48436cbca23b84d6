import { writeFileSync } from 'node:fs';
import { readMemory } from '#linux/memory.ts';
import { cpuSeconds, rssBytes } from '#test/bench/support/process.ts';
import { runs, type TestProcess } from '#test/support/server/processes.ts';
import { mebibyte, perl, startTaker } from './cast.ts';
import { castGroup } from './groups.ts';
import type { Contest, HogKind, WatcherName } from './kinds.ts';
import { referee as refereeProgram, ticker as tickerProgram } from './programs.ts';
import { Fullness, settle } from './settle.ts';
import { swap } from './swap.ts';
import { jobName, oomKills, startWatcher } from './watchers.ts';

/** What a contest has until it is settled. */
const contestMsMax = 45_000;
const jobMiB = 100;

/** Lets hogs loose beside a protected job and bystanders, with one who watches, until all have ended, their fill, or are held. */
export async function contest(watcher: WatcherName, kind: HogKind): Promise<Contest> {
  // The one who tells how it went: the kernel passes it over. What it starts is as everybody else.
  writeFileSync('/proc/self/oom_score_adj', '-1000');
  await using stack = new AsyncDisposableStack();
  stack.use(swap(kind.withSwap === true));
  const session = stack.use(castGroup());
  const hogGroup = kind.isService === true ? stack.use(castGroup(kind.limitMiB)) : session;
  const totalMiB = readMemory().memTotalBytes / mebibyte;
  const job = stack.use(await startTaker(jobName, jobOf(kind, totalMiB), session.folder));
  const cast = new Map<string, TestProcess>([[jobName, job]]);
  for (const [name, sizeMiB] of bystanders(kind, totalMiB)) {
    cast.set(name, stack.use(await startTaker(name, { sizeMiB }, session.folder)));
  }
  const ticker = stack.use(await perl(tickerProgram, [], { group: session.folder }));
  cast.set('ticker', ticker);
  const watch = stack.use(await startWatcher(watcher, job.pid));
  const others = new Set([...cast.values()].map(({ pid }) => pid));
  const referee = stack.use(await perl(refereeProgram, [hogGroup.folder, contestMsMax, ...others], { isSafe: true }));
  const hog = stack.use(await startTaker('hog', { mostMiB: totalMiB, ...kind }, hogGroup.folder));
  const fullness = new Fullness([hog, job]);
  const kernelKills = oomKills();
  const cpu = watch.pid === undefined ? 0 : cpuSeconds(watch.pid);
  const startedMs = performance.now();
  job.say('x');
  hog.say('x');
  const hogs = (): readonly number[] => hogGroup.members().filter((pid) => !others.has(pid));
  const takers = (): readonly number[] => (kind.jobShare !== undefined && runs(job.pid) ? [...hogs(), job.pid] : hogs());
  const outcome = await settle(takers, fullness, startedMs + contestMsMax);
  const tookMs = Math.round(performance.now() - startedMs);
  const hogsHeld = outcome === 'held' ? fullness.hungry(hogs()).length : 0;
  const lost = [...cast].filter(([, { pid }]) => !runs(pid)).map(([name]) => name);
  // The kernel may take the one who watches.
  const isWatched = watch.pid !== undefined && runs(watch.pid);
  if (watch.pid !== undefined && !isWatched) lost.push(watcher);
  const costs = watch.pid === undefined || !isWatched ? { watcherCpuSeconds: 0, watcherRssMiB: 0 } : costsOf(watch.pid, cpu);
  referee.say('x');
  const [low, lowLast, death, seen, left] = JSON.parse(await referee.line()) as [number, number, number, number, number];
  if (!lost.includes('ticker')) ticker.say('x');
  return {
    watcher,
    hogsEnded: seen - left,
    hogsSeen: seen,
    hogsHeld,
    lost,
    kernelKills: oomKills() - kernelKills,
    deathMs: low < 0 || death < 0 ? null : Math.round(death - low),
    reliefMs: low < 0 ? null : Math.round(lowLast - low),
    longestStallMs: lost.includes('ticker') ? null : Math.round(Number(await ticker.line())),
    ...costs,
    settled: outcome !== 'late',
    tookMs,
    story: isWatched ? await watch.story() : [],
  };
}

function costsOf(pid: number, cpuBefore: number): Pick<Contest, 'watcherCpuSeconds' | 'watcherRssMiB'> {
  return {
    watcherCpuSeconds: Math.round((cpuSeconds(pid) - cpuBefore) * 100) / 100,
    watcherRssMiB: Math.round((rssBytes(pid) / mebibyte) * 10) / 10,
  };
}

function jobOf({ jobShare }: HogKind, totalMiB: number): Parameters<typeof startTaker>[1] {
  if (jobShare === undefined) return { sizeMiB: jobMiB };
  return { sizeMiB: jobMiB, chunkMiB: 4, pauseMs: 50, mostMiB: totalMiB * jobShare };
}

function bystanders({ innocentShare }: HogKind, totalMiB: number): readonly (readonly [string, number])[] {
  const small = [
    ['editor', 40],
    ['shell', 5],
  ] as const;
  return innocentShare === undefined ? small : [...small, ['model', totalMiB * innocentShare]];
}
