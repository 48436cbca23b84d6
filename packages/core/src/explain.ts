import type { Cause, Ending, Explanation } from '#protocol/explanation.ts';
import type { EventContext, ProcessRef, SignalEvent } from '#protocol/history.ts';
import { findCause, nsOf, wasSent } from './explain-cause.ts';
import { findChild } from './explain-child.ts';
import { findEnding } from './explain-ending.ts';
import type { ExplainFacts, LiveProcess } from './explain-facts.ts';
import { coveringLease, tellLease } from './explain-lease.ts';
import { describeHolder, findSubject } from './explain-subject.ts';
import { findUnknown } from './explain-unknown.ts';
import { answerOf } from './explain-words.ts';

/** STOP, TSTP, TTIN, TTOU. */
const stops: ReadonlySet<number> = new Set([19, 20, 21, 22]);

/** How a process ended, and why, by what is recorded of it. */
export function explain(facts: ExplainFacts): Explanation {
  const { terms, unguardedRows } = facts;
  const { holder, others } = findSubject(facts);
  const { rows, live } = holder ?? { rows: [], live: undefined };
  const process = describeHolder({ rows, live }) ?? null;
  const ending = findEnding({ rows, live }, terms);
  const child = findChild(ending.exitCode, facts.treeRows, rows.findLast(isExit), terms);
  const leaseRootPid = facts.leases[0]?.identity.pid;
  const found = findCause(ending, rows, { process: process ?? undefined, leaseRootPid });
  const cause: Cause = child === undefined ? found : { ...found, kind: 'child', event: child.cause.event, by: child.cause.by };
  const before = signalsBefore(rows, cause.event, ending).slice(-terms.signalsMax);
  const refused = findRefused(rows, terms.signalsMax);
  const { count: refusedCount } = refused;
  const oom = cause.event?.oom;
  const lease = coveringLease(rows, facts.leases, cause);
  const told = { terms, pid: facts.pid, process, ending, cause, oom, before, refused, stopped: stoppedBy(rows, live) };
  return {
    pid: facts.pid,
    process,
    answer: answerOf({ ...told, ...(child === undefined ? {} : { child }) }),
    ending,
    cause,
    ...(child === undefined ? {} : { child }),
    ...(oom === undefined ? {} : { oom }),
    before,
    refused,
    lease: lease === undefined ? null : tellLease(lease, { process, ending, cause, rows, unguardedRows, refusedCount }),
    context: contextOf(rows, cause.event, ending),
    unknown: findUnknown({ facts: { ...facts, rows }, ...(child ?? { ending, cause }), oom }),
    others: [...others],
  };
}

function isExit({ exit }: SignalEvent): boolean {
  return exit !== undefined;
}

/** What was sent to it and reached it, before the signal that decided (or at all, where none did). */
function signalsBefore(rows: readonly SignalEvent[], decided: SignalEvent | null, ending: Ending): SignalEvent[] {
  if (ending.kind === 'running') return rows.filter(isBeforeIt);
  const until = decided === null ? undefined : nsOf(decided);
  const isBefore = (row: SignalEvent): boolean => row.id !== decided?.id && (until === undefined || nsOf(row) <= until);
  return rows.filter((row) => isBeforeIt(row) && isBefore(row));
}

function isRefused({ outcome }: SignalEvent): boolean {
  return outcome === 'denied';
}

/** What the guard would have refused has a row of its own beside that of the signal. */
function isBeforeIt(row: SignalEvent): boolean {
  return wasSent(row) && !isRefused(row) && row.outcome !== 'audited';
}

function findRefused(rows: readonly SignalEvent[], signalsMax: number): Explanation['refused'] {
  const events = rows.filter(isRefused);
  return { count: events.reduce((sum, { count }) => sum + count, 0), events: events.slice(-signalsMax) };
}

function stoppedBy(
  rows: readonly SignalEvent[],
  live: LiveProcess | undefined,
): { event: SignalEvent | undefined } | undefined {
  if (live?.state !== 'T') return undefined;
  return { event: rows.findLast((row) => wasSent(row) && row.outcome === 'delivered' && stops.has(row.signal ?? 0)) };
}

/** Memory at the moment of the signal: a moment later it is free again. */
function contextOf(rows: readonly SignalEvent[], decided: SignalEvent | null, { kind }: Ending): EventContext | null {
  if (kind === 'running' || kind === 'unseen' || kind === 'lost') return null;
  return (decided ?? rows.findLast(isExit) ?? rows.at(-1))?.context ?? null;
}

/** Is this row a death, for `last`? @param isGone is the process of this row there no more? */
export function isDeath(row: SignalEvent, isGone: (process: ProcessRef) => boolean): boolean {
  const { target } = row;
  if (target === null || row.outcome === 'denied') return false;
  if (row.exit !== undefined) return row.exit.signal !== null;
  if (row.termination === 'killed' || row.termination === 'exited') return true;
  return wasSent(row) && row.outcome === 'delivered' && !stops.has(row.signal ?? 0) && isGone(target);
}
