import type { Lease } from '#core/lease.ts';
import type { ExitSeen } from '#linux/sentinel/events.ts';
import { bounds } from '#protocol/bounds.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import { wallMsOf } from './signal-recorder.ts';

/** Shells add it to the signal that ended their child. */
const signalExitBase = 128;

/**
 * Does history keep the exit of a covered process? The root's it does, and that of any process that a signal ended, or
 * that tells of one by its code. A script's thousand helpers that came and went are no news.
 */
export function isWorthARow({ pid, startTicks, signal, exitCode }: ExitSeen, lease: Lease | undefined): boolean {
  if (signal !== null || isSignalsCode(exitCode ?? 0)) return true;
  return lease?.rootPid === pid && lease.rootStartTicks === startTicks;
}

function isSignalsCode(code: number): boolean {
  return code > signalExitBase && code <= signalExitBase + bounds.signalMax;
}

/** The exit of a covered process as a row of history, as wait(2) would tell it. */
export function exitEvent(seen: ExitSeen, lease: Lease | undefined): NewEvent {
  const { pid, startTicks, uid, comm, exitCode, signal, coreDumped, timeNs } = seen;
  return {
    firstWallMs: wallMsOf(timeNs),
    monotonicNs: timeNs,
    source: 'sentinel',
    signal,
    code: null,
    outcome: 'exited',
    sender: null,
    target: { pid, startTicks, uid, comm, ancestry: [] },
    leaseId: lease?.id,
    exit: { code: exitCode, signal, coreDumped },
    context: momentContext(),
  };
}
