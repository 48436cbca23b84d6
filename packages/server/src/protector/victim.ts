import type { ProcessRef } from '#protocol/history.ts';
import type { Suspect } from '#core/protector/plan.ts';
import { readCredentials } from '#linux/proc-status.ts';
import { readStat } from '#linux/proc-stat.ts';
import { machine, type Held } from '../machine.ts';
import { tryRead } from '../try-read.ts';
import type { SignalNote } from './teller.ts';

/** One process that was picked, held by its pidfd from then on. */
export interface HeldSuspect {
  readonly suspect: Suspect;
  readonly held: Held;
  readonly ref: ProcessRef;
  /** The row of the last signal that was taken. */
  note?: SignalNote | undefined;
  hasExited?: boolean;
}

/**
 * Holds who was picked: only the process that was looked at, and not another that got its pid since.
 *
 * @returns undefined where it is gone
 */
export function holdSuspect(suspect: Suspect): HeldSuspect | undefined {
  const held = tryRead(() => machine.hold(suspect.pid));
  if (held === undefined) return undefined;
  const ref = held.startTicks === String(suspect.startTicks) ? shortRef(suspect.pid) : undefined;
  if (ref !== undefined && held.alive()) return { suspect, held, ref };
  held.close();
  return undefined;
}

/**
 * A process in few words. Its command line is left out: it lies in the process's own memory, and to read that from the
 * swap is what one must not wait for now.
 */
export function shortRef(pid: number): ProcessRef | undefined {
  const stat = tryRead(() => readStat(pid));
  const uids = tryRead(() => readCredentials(pid))?.uids;
  if (stat === undefined || uids === undefined) return undefined;
  return { pid, startTicks: stat.startTicks, uid: uids.effective, comm: stat.comm, ancestry: [] };
}

/** The name of a process, or '?' where it is gone. */
export function commOf(pid: number): string {
  return tryRead(() => readStat(pid))?.comm ?? '?';
}
