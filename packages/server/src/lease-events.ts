import type { Lease } from '#core/lease.ts';
import type { Registration } from '#core/lease-table.ts';
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
 * @param target the root, where it was looked at already
 */
export function transition(
  lease: Lease,
  outcome: EventOutcome,
  actor: ProcessRef | null,
  target: ProcessRef = describeRoot(lease),
): NewEvent {
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'lease',
    signal: null,
    code: null,
    outcome,
    sender: actor,
    target,
    leaseId: lease.id,
    ...(lease.terms.reason === null ? {} : { reason: lease.terms.reason, reasonUid: lease.uid }),
    context: momentContext(),
  };
}

/** The root in few words, as far as it can be told: after its exit only its numbers are left. */
function describeRoot(lease: Lease): ProcessRef {
  const stat = lease.rootAlive ? tryRead(() => readStat(lease.rootPid)) : undefined;
  return describe(lease, stat?.startTicks === lease.rootStartTicks ? stat.comm : '');
}

/** The shell that holds a command of `omnictl run` until it is protected, and then becomes it: gate-script.ts of the command line. */
const gate = /^\S*sh -c (?:trap [^\n]*\n)?read -r omnimind_marker [^"]*"[^]*\nexec "\$@" sh /;

/**
 * The root at its registration. Its command line stands in the first row alone.
 *
 * @param comm its name, a moment ago
 */
export function describeRegistered({ lease, member, isNew }: Registration, comm: string): ProcessRef {
  const cmdline = isNew ? tryRead(() => readCommandLine(lease.rootPid)) : undefined;
  // It was read by pid: it is the root's only if the root has the pid still.
  if (cmdline === undefined || !member.held.alive()) return describe(lease, comm);
  return { ...describe(lease, comm), cmdline: cmdline.replace(gate, '') };
}

function describe(lease: Lease, comm: string): ProcessRef {
  return { pid: lease.rootPid, startTicks: lease.rootStartTicks, uid: lease.uid, comm, ancestry: [] };
}
