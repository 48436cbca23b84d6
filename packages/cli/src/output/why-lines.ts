import type { EventContext, ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { CoveringLease, Explanation, LeaseEffect } from '#protocol/explanation.ts';
import { escapeText } from './escape.ts';
import { processWords, senderWords } from './event-words.ts';
import { formatBytes, formatDuration, formatPercent, formatTime, formatTimeOfDay } from './units.ts';

/** What each line is about, and its words. The answer comes before them, and has no title. */
export type WhyFact = readonly [title: string, words: string];

/** `2026-11-24` */
const dayChars = 10;
const signalsShown = 3;
const unknownShown = 2;
const holdersShown = 3;

/**
 * An explanation in words for people, escaped: the answer, and at most nine facts that it rests on.
 */
export function whyFacts(explanation: Explanation): { readonly answer: string; readonly facts: readonly WhyFact[] } {
  const { answer, ending, cause, before, refused, lease, context, unknown, others } = explanation;
  const facts: (WhyFact | undefined)[] = [
    endedFact(explanation),
    cause.by === null ? undefined : ['by', byWords(cause.by)],
    before.length === 0 ? undefined : [ending.kind === 'running' ? 'signals' : 'before', beforeWords(explanation)],
    refused.count === 0 ? undefined : ['refused', refusedWords(refused)],
    lease === null ? undefined : ['lease', leaseWords(lease, explanation)],
    context === null ? undefined : ['memory', memoryWords(context)],
    ...unknown.slice(0, unknownShown).map(unknownFact),
    others.length === 0 ? undefined : ['pid', othersWords(explanation)],
  ];
  return { answer: `${escapeText(answer)}.`, facts: facts.filter((fact) => fact !== undefined) };
}

function endedFact({ ending, process }: Explanation): WhyFact | undefined {
  const at = ending.at === null ? '' : formatTime(ending.at);
  const tell = (words: string): WhyFact => ['ended', at === '' ? words : `${at}, ${words}`];
  switch (ending.kind) {
    case 'running':
    case 'unseen':
      return undefined;
    case 'lost':
      return ['ended', `with the machine; the server found that out at ${at}`];
    case 'exited':
      return tell(`exit code ${String(ending.exitCode)}; no signal (WTERMSIG 0)`);
    case 'signaled':
      return tell(`signal ${String(ending.signal)} (WTERMSIG), no exit code${ending.coreDumped ? '; core dumped' : ''}`);
    case 'gone':
      return tell(process === null ? 'exit status not recorded' : 'exit status not recorded; no such process is there now');
  }
}

/** Who it was, and who started that. */
function byWords(by: ProcessRef): string {
  const chain = [processWords(by), ...by.ancestry.map(({ comm, pid }) => `${escapeText(comm)}[${String(pid)}]`)];
  return `${chain.join(' < ')}, uid ${String(by.uid)}`;
}

function beforeWords({ before, ending, cause }: Explanation): string {
  const endMs = Date.parse(cause.event?.firstAt ?? ending.at ?? '');
  const shown = before.slice(-signalsShown).map((event) => signalWords(event, endMs));
  return withMore(shown, before.length - signalsShown);
}

function signalWords(event: SignalEvent, endMs: number): string {
  const beforeMs = endMs - Date.parse(event.firstAt);
  const when = Number.isFinite(beforeMs)
    ? `${formatDuration(Math.max(0, beforeMs))} before`
    : `at ${formatTime(event.firstAt)}`;
  const times = event.count === 1 ? '' : ` (${String(event.count)} times)`;
  return `${event.signalName ?? '-'} from ${fromWords(event)} ${when}${times}, ${event.outcome}`;
}

function fromWords(event: SignalEvent): string {
  return event.sender === null ? 'the kernel' : senderWords(event);
}

function refusedWords({ count, events }: Explanation['refused']): string {
  const last = events.slice(-signalsShown).map((event) => {
    return `${event.signalName ?? '-'} from ${fromWords(event)} at ${formatTime(event.firstAt)}`;
  });
  return `${String(count)} ${count === 1 ? 'try' : 'tries'}: ${withMore(last, events.length - signalsShown)}`;
}

const effectWords: Readonly<Record<LeaseEffect, string>> = {
  held: 'it held',
  idle: 'nothing was tried against it',
  bypassed: 'it forbids this signal: the sender did not ask, and nothing forced it to',
  overridden: 'passed over by its owner or root (--override)',
  ownTree: 'a job may end itself: the lease does not forbid that',
  passed: 'the guard lets init through, and unless it is strict ancestors and their helpers',
  audited: 'the guard would have refused this, and only audits',
  unguarded:
    'the guard did not hold this process: its owner has as many processes guarded as it may ([guard] processesPerUidMax)',
  notForbidden: 'it does not forbid this',
  beyond: 'no lease keeps the kernel from this',
  over: 'it was not active then',
  lost: 'it was active when the machine went down',
};

function leaseWords({ id, label, state, endedAt, effect, orphaned }: CoveringLease, { ending }: Explanation): string {
  const name = label === null || label === '' ? id : `${id} (${escapeText(label)})`;
  // The end of a lease is written a moment after that of its last process.
  const active = ending.kind === 'running' ? state : `${state} then`;
  // Mostly it ends with the process: the day stands there.
  const since = state === 'active' || endedAt === null ? active : `${state} at ${momentWords(endedAt, ending.at)}`;
  const went = orphaned === undefined ? '' : `; ${escapeText(orphaned.reason)} at ${formatTime(orphaned.at)}, and it ran on`;
  return `${name}, ${since}: ${ending.kind === 'running' && effect === 'idle' ? 'it protects' : effectWords[effect]}${went}`;
}

/** The time of day alone where the other moment is of the same day. */
function momentWords(at: string, other: string | null): string {
  const isSameDay = other !== null && formatTime(at).slice(0, dayChars) === formatTime(other).slice(0, dayChars);
  return isSameDay ? formatTimeOfDay(at) : formatTime(at);
}

function memoryWords(context: EventContext): string {
  const { memAvailableBytes: available, memTotalBytes: total, swapFreeBytes: swap } = context;
  const { psiMemorySomeAvg10: some, psiMemoryFullAvg10: full } = context;
  const memory =
    available === null || total === null ? 'not known' : `${formatBytes(available)} of ${formatBytes(total)} available`;
  const swapFree = swap === null ? 'swap not known' : `${formatBytes(swap)} swap free`;
  const pressure =
    some === null || full === null
      ? 'pressure not known (no PSI)'
      : `PSI some ${formatPercent(some)}, full ${formatPercent(full)}`;
  return `${memory}, ${swapFree}, ${pressure}`;
}

function unknownFact({ what, why, fix }: Explanation['unknown'][number]): WhyFact {
  return ['unknown', escapeText(`${what}: ${why}${fix === undefined ? '' : `; next time: ${fix}`}`)];
}

function othersWords({ others, pid }: Explanation): string {
  const shown = others.slice(0, holdersShown).map(({ comm, startTicks, lastAt }) => {
    return `${comm === '' ? '?' : escapeText(comm)} (--start-ticks ${startTicks}, last seen ${formatTime(lastAt)})`;
  });
  return `${String(pid)} was another process too: ${withMore(shown, others.length - holdersShown)}`;
}

function withMore(shown: readonly string[], more: number): string {
  return more > 0 ? `${shown.join('; ')}; ${String(more)} more (--json)` : shown.join('; ');
}
