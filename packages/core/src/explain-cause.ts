import type { Cause, CauseKind, Ending, Relation } from '#protocol/explanation.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';

const [SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ] = [1, 2, 3, 9, 13, 15, 24, 25];
/** ILL, TRAP, BUS, FPE, SEGV, SYS. */
const faults: ReadonlySet<number> = new Set([4, 5, 7, 8, 11, 31]);
/** ALRM, VTALRM, PROF. */
const timers: ReadonlySet<number> = new Set([14, 26, 27]);
/** They ask a process to end. */
const asksToEnd: ReadonlySet<number> = new Set([SIGHUP, SIGINT, SIGQUIT, SIGTERM]);
/** An exit that comes so long after a signal is not taken for its answer. */
const answerNs = 60_000_000_000n;

/** What is known of the process beside its rows. */
export interface CauseView {
  readonly process: ProcessRef | undefined;
  readonly leaseRootPid: number | undefined;
}

/** What ended it: the row of history that decided, who is behind it, and what kind of death that is. */
export function findCause(ending: Ending, rows: readonly SignalEvent[], view: CauseView): Cause {
  switch (ending.kind) {
    case 'running':
    case 'unseen':
      return plain('none', true);
    case 'lost':
      return plain('reboot', true);
    case 'exited':
      return exitCause(rows, view);
    case 'signaled':
      return signalCause(ending, rows, view);
    case 'gone':
      return likelyCause(ending, rows, view);
  }
}

/** An exit is the process's own doing; a signal shortly before may have asked for it. */
function exitCause(rows: readonly SignalEvent[], view: CauseView): Cause {
  const exitNs = nsOf(rows.findLast(({ exit }) => exit !== undefined) ?? rows.at(-1));
  const asked = rows.findLast((row) => isAsk(row) && exitNs - nsOf(row) < answerNs);
  return asked === undefined ? plain('exit', true) : { ...by(asked, view), kind: 'exit' };
}

function signalCause(ending: Ending, rows: readonly SignalEvent[], view: CauseView): Cause {
  const same = rows.filter((row) => row.signal === ending.signal && wasSent(row) && row.outcome === 'delivered');
  // Of several SIGKILLs the first did it; of signals that may be handled, the one that no handler was there for any more.
  const decided = ending.signal === SIGKILL ? same[0] : same.at(-1);
  const isOomLikely = rows.some(({ exit }) => exit?.oomLikely === true);
  if (decided === undefined) return plain(isOomLikely ? 'oom' : 'unknown', false);
  const isOwn = kindOf(decided) === 'self';
  const before = isOwn ? same.findLast((row) => kindOf(row) !== 'self') : undefined;
  return before === undefined ? by(decided, view) : { ...by(before, view), reraised: true };
}

/** Nobody has its exit status: what was sent last is the likely cause. */
function likelyCause(ending: Ending, rows: readonly SignalEvent[], view: CauseView): Cause {
  const last = rows.findLast((row) => isAsk(row) || (wasSent(row) && row.outcome === 'delivered' && row.signal === 6));
  if (last === undefined) return plain('unknown', false);
  return { ...by(last, view), certain: ending.source === 'termination' && last.source === 'mediated' };
}

function isAsk(row: SignalEvent): boolean {
  return row.signal !== null && asksToEnd.has(row.signal) && wasSent(row) && row.outcome === 'delivered';
}

/** Is this row about a signal, and not about a lease or an exit? */
export function wasSent(row: SignalEvent): boolean {
  return row.signal !== null && row.exit === undefined && (row.source === 'sentinel' || row.source === 'mediated');
}

function by(event: SignalEvent, view: CauseView): Cause {
  const sender = event.requester ?? event.sender;
  const relation = sender === null ? null : relationOf(sender, view);
  return { kind: kindOf(event), certain: true, by: sender, relation, event, reraised: false };
}

function plain(kind: CauseKind, certain: boolean): Cause {
  return { kind, certain, by: null, relation: null, event: null, reraised: false };
}

/** What a signal's row says about its cause. */
export function kindOf(row: SignalEvent): CauseKind {
  const { signal, code, sender, target } = row;
  if (row.oom !== undefined) return 'oom';
  if (row.source === 'mediated') return 'mediated';
  if (row.kernel?.cpuLimitSeconds !== undefined) return 'cpuLimit';
  const isSelf = sender !== null && sender.pid === target?.pid;
  if (code === 'implied') return impliedKind(row, isSelf);
  if (code === 'kernel') return kernelKind(signal ?? 0, row.kernel?.senderExiting === true);
  return isSelf ? 'self' : 'killed';
}

function impliedKind({ signal, kernel }: SignalEvent, isSelf: boolean): CauseKind {
  if (kernel?.senderExiting === true) return 'parentEnd';
  if (isSelf && signal === SIGPIPE) return 'brokenPipe';
  if (isSelf && signal === SIGXFSZ) return 'fileSizeLimit';
  return signal === SIGKILL ? 'cgroupKill' : 'kernel';
}

function kernelKind(signal: number, isSendersEnd: boolean): CauseKind {
  if (faults.has(signal)) return 'crash';
  if (signal === SIGINT || signal === SIGQUIT) return 'terminal';
  if (signal === SIGHUP) return 'hangup';
  if (isSendersEnd) return 'senderEnd';
  if (timers.has(signal)) return 'timer';
  return signal === SIGXCPU ? 'cpuLimit' : 'kernel';
}

/** What the sender is to the process, as far as ancestries tell. */
export function relationOf(sender: ProcessRef, { process, leaseRootPid }: CauseView): Relation {
  const ancestors = process?.ancestry.map(({ pid }) => pid).filter((pid) => pid > 1) ?? [];
  if (sender.pid === process?.pid) return 'self';
  if (sender.pid === ancestors[0]) return 'parent';
  if (ancestors.includes(sender.pid)) return 'ancestor';
  if (sender.ancestry.some(({ pid }) => pid === process?.pid)) return 'child';
  const isOfTree = sender.pid === leaseRootPid || sender.ancestry.some(({ pid }) => pid === leaseRootPid);
  return isOfTree ? 'tree' : 'stranger';
}

/** CLOCK_MONOTONIC of a row, nanoseconds. */
export function nsOf(row: SignalEvent | undefined): bigint {
  return BigInt(row?.monotonicNs ?? 0);
}
