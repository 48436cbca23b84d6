import type { Cause, Ending, Unknown } from '#protocol/explanation.ts';
import type { OomKill } from '#protocol/history.ts';
import type { ExplainFacts } from './explain-facts.ts';

/** Rows that were lost so near to the end may be about it. */
const nearMs = 60_000;

const watchFix = 'run the system server as root, with its sentinel (omnictl doctor)';
const coverFix = 'start the job with omnictl run, or register it';

interface Known {
  readonly facts: ExplainFacts;
  readonly ending: Ending;
  readonly cause: Cause;
  readonly oom: OomKill | undefined;
}

/** What nobody can tell, each with the reason and with what would change that. */
export function findUnknown(known: Known): Unknown[] {
  if (known.ending.kind === 'running') return [];
  if (known.ending.kind === 'unseen') return [unseen(known.facts)];
  return [...ofCause(known), ...ofStatus(known), ...ofOom(known), ...ofLosses(known)];
}

function ofCause({ facts, ending, cause }: Known): Unknown[] {
  const { sentinel } = facts;
  if (ending.kind === 'lost') return [];
  if (cause.kind === 'unknown') {
    const what = ending.signalName === null ? 'what ended it' : `who sent ${ending.signalName}`;
    if (!sentinel.active) {
      return [
        { what, why: `without the sentinel only kills through the server are recorded: ${sentinel.why}`, ...fixOf(facts) },
      ];
    }
    const isSilent = ending.signal === null;
    const why = isSilent
      ? 'no signal to it was recorded, and exits are recorded of protected processes alone'
      : 'no such signal to it was recorded: it was sent before the sentinel began, or was lost';
    return [{ what, why, ...(isSilent ? { fix: coverFix } : {}) }];
  }
  if (cause.kind === 'kernel')
    return [{ what: 'why the kernel sent it', why: 'the kernel tells no reason: its log (dmesg) may' }];
  if (cause.certain) return [];
  if (cause.kind === 'oom') {
    const why = `its cgroup counts what the OOM killer ends, and not whom; there is no sentinel: ${sentinel.why}`;
    return [{ what: 'whether it was the OOM killer', why, ...fixOf(facts) }];
  }
  return [
    { what: 'whether that signal is what ended it', why: 'a program may handle it, and its exit status was not recorded' },
  ];
}

function ofStatus({ facts, ending, cause }: Known): Unknown[] {
  if (ending.kind !== 'gone' || cause.kind === 'unknown') return [];
  const why = facts.sentinel.active
    ? 'exits are recorded of protected processes alone'
    : `the parent had asked for it before the server could (a kernel before 6.15, and no sentinel: ${facts.sentinel.why})`;
  return [{ what: 'its exit status', why, ...(facts.sentinel.active ? { fix: coverFix } : fixOf(facts)) }];
}

function ofOom({ oom }: Known): Unknown[] {
  if (oom === undefined || oom.scope !== undefined) return [];
  return [
    { what: 'whether the machine or a cgroup was out of memory', why: "the kernel's log could not be read", fix: watchFix },
  ];
}

function ofLosses({ facts, ending }: Known): Unknown[] {
  const at = Date.parse(ending.at ?? facts.rows.at(-1)?.lastAt ?? '');
  const lost = facts.serverRows.filter(
    ({ outcome, firstAt }) => outcome === 'dropped' && Math.abs(Date.parse(firstAt) - at) < nearMs,
  );
  const count = lost.reduce((sum, row) => sum + row.count, 0);
  if (count === 0) return [];
  return [{ what: 'what else was sent around then', why: `${String(count)} events were lost: ${lost[0]?.reason ?? ''}` }];
}

function unseen({ sentinel, historySince, servedUid, startTicks }: ExplainFacts): Unknown {
  const what = startTicks === undefined ? 'whether there ever was such a process' : 'whether that process had the pid';
  const since = historySince === null ? 'the history is empty' : `the history begins at ${historySince}`;
  const scope = servedUid === undefined ? '' : `; this server serves uid ${String(servedUid)} alone`;
  if (sentinel.active) {
    return {
      what,
      why: `only signals that may end a process, and what was registered, are recorded; ${since}${scope}`,
      fix: coverFix,
    };
  }
  return {
    what,
    why: `without the sentinel only leases and kills through the server are recorded: ${sentinel.why}; ${since}${scope}`,
    fix: sentinel.fix ?? watchFix,
  };
}

function fixOf({ sentinel }: ExplainFacts): { fix: string } {
  return { fix: sentinel.fix ?? watchFix };
}
