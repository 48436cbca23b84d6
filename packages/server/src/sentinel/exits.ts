import type { Lease } from '#core/lease.ts';
import type { ExitSeen } from '#linux/sentinel/events.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from '../store/event-rows.ts';
import { wallMsOf } from './signal-recorder.ts';

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
