import type { Lease } from '#core/lease.ts';
import type { ExitSeen } from '#linux/sentinel/events.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import { wallMsOf } from './signal-recorder.ts';

/**
 * Does history keep the exit of a covered process? The root's it does, and that of any process that a signal ended. A
 * script's thousand helpers that came and went are no news.
 */
export function isWorthARow(seen: ExitSeen, lease: Lease | undefined): boolean {
  return seen.signal !== null || (lease?.rootPid === seen.pid && lease.rootStartTicks === seen.startTicks);
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
