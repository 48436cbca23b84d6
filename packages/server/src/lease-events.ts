import type { Lease } from '#core/lease.ts';
import type { EventOutcome, ProcessRef } from '#protocol/history.ts';
import { readStat } from '#linux/proc-stat.ts';
import { readCommandLine } from '#linux/proc-text.ts';
import { clock, monotonicNs } from './machine.ts';
import { momentContext } from './moment.ts';
import type { NewEvent } from './store/event-rows.ts';
import { tryRead } from './try-read.ts';

/**
 * A lease's transition as a row of history.
 *
 * @param outcome the state that it reached, or `granted`, or `renewed` for new terms
 * @param actor who asked for it; null where nobody did
 */
export function transition(lease: Lease, outcome: EventOutcome, actor: ProcessRef | null): NewEvent {
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'lease',
    signal: null,
    code: null,
    outcome,
    sender: actor,
    target: describeRoot(lease, outcome === 'granted'),
    leaseId: lease.id,
    ...(lease.terms.reason === null ? {} : { reason: lease.terms.reason, reasonUid: lease.uid }),
    context: momentContext(),
  };
}

/** The root in few words, as far as it can be told: after its exit only its numbers are left. Its command line stands in the first row alone. */
function describeRoot(lease: Lease, withCommandLine: boolean): ProcessRef {
  const base = { pid: lease.rootPid, startTicks: lease.rootStartTicks, uid: lease.uid };
  const stat = lease.rootAlive ? tryRead(() => readStat(lease.rootPid)) : undefined;
  if (stat?.startTicks !== lease.rootStartTicks) return { ...base, comm: '', ancestry: [] };
  const cmdline = withCommandLine ? tryRead(() => readCommandLine(lease.rootPid)) : undefined;
  return { ...base, comm: stat.comm, ...(cmdline === undefined ? {} : { cmdline }), ancestry: [] };
}
