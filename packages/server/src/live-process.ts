import type { LiveProcess } from '#core/explain-facts.ts';
import type { Caller } from '#core/rights.ts';
import { readZombieStatus } from '#linux/exit-status.ts';
import { openPidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';
import { describe } from './describe.ts';
import { processSeen } from './store/event-text.ts';
import { tryRead } from './try-read.ts';

/** The process that has a pid now, as this reader may see it; one that has ended and was not waited for too. */
export function liveProcess(pid: number, reader: Caller): LiveProcess | undefined {
  using held = tryRead(() => openPidfd(pid));
  if (held === undefined) return undefined;
  const found = describe(pid);
  const stat = tryRead(() => readStat(pid));
  // What was read is of one process only if it has its pid still: a zombie keeps it, and so does whoever is held and runs.
  if (found === undefined || stat === undefined || (stat.state !== 'Z' && !held.alive())) return undefined;
  const { startTicks, state } = stat;
  const waitStatus = state === 'Z' ? tryRead(() => readZombieStatus(pid, startTicks)) : undefined;
  return { process: { ...processSeen(found, reader), startTicks }, state, waitStatus };
}

/** Has this process ended? A zombie has. */
export function hasEnded(pid: number, startTicks: string | undefined): boolean {
  const stat = tryRead(() => readStat(pid));
  return stat === undefined || stat.state === 'Z' || (startTicks !== undefined && stat.startTicks !== startTicks);
}
