import type { Ending, EndingKind, EndingSource } from '#protocol/explanation.ts';
import type { ProcessExit, SignalEvent } from '#protocol/history.ts';
import type { ExplainTerms, LiveProcess } from './explain-facts.ts';
import type { Holder } from './explain-subject.ts';

const SIGKILL = 9;
/** HUP, INT, QUIT, ABRT, TERM are recorded whatever they do; any other only where its default action is taken. */
const mayBeHandled: ReadonlySet<number> = new Set([1, 2, 3, 6, 15]);
/** STOP, TSTP, TTIN, TTOU: their default action does not end a process. */
const stops: ReadonlySet<number> = new Set([19, 20, 21, 22]);

/** How a process ended, by what is recorded of it; the best evidence first. */
export function findEnding({ rows, live }: Pick<Holder, 'rows' | 'live'>, { signalName }: ExplainTerms): Ending {
  if (live !== undefined && live.state !== 'Z') return ending('running', null, null);
  const found = byStatus(rows, live) ?? byTermination(rows) ?? byFatalSignal(rows) ?? byLease(rows) ?? gone(rows, live);
  return { ...found, signalName: found.signal === null ? null : signalName(found.signal) };
}

function byStatus(rows: readonly SignalEvent[], live: LiveProcess | undefined): Ending | undefined {
  const row = rows.findLast(({ exit }) => exit !== undefined);
  if (row?.exit !== undefined) return byExit(row.exit, row.firstAt);
  return live?.waitStatus === undefined ? undefined : byExit(exitOf(live.waitStatus), null);
}

function byExit(exit: ProcessExit, at: string | null): Ending {
  const known = { ...ending(exit.signal === null ? 'exited' : 'signaled', at, 'wait'), coreDumped: exit.coreDumped };
  return { ...known, exitCode: exit.code, signal: exit.signal };
}

/** The status of wait(2), taken apart. */
function exitOf(status: number): ProcessExit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null, coreDumped: false };
  return { code: null, signal, coreDumped: (status & 0x80) !== 0 };
}

function byTermination(rows: readonly SignalEvent[]): Ending | undefined {
  const row = rows.findLast(({ termination }) => termination === 'killed' || termination === 'exited');
  if (row === undefined) return undefined;
  if (row.termination === 'exited') return ending('gone', row.lastAt, 'termination');
  return { ...ending('signaled', row.lastAt, 'termination'), signal: row.signal };
}

function byFatalSignal(rows: readonly SignalEvent[]): Ending | undefined {
  const row = rows.find(isDeadly);
  return row === undefined ? undefined : { ...ending('signaled', row.firstAt, 'signal'), signal: row.signal };
}

/** Does nobody survive this? */
export function isDeadly(row: SignalEvent): boolean {
  const { signal, outcome } = row;
  if (signal === null || outcome !== 'delivered' || stops.has(signal)) return false;
  return row.source === 'sentinel' ? !mayBeHandled.has(signal) : row.source === 'mediated' && signal === SIGKILL;
}

function byLease(rows: readonly SignalEvent[]): Ending | undefined {
  const row = rows.findLast(({ source }) => source === 'lease');
  if (row?.outcome === 'lost') return ending('lost', row.firstAt, null);
  return row?.outcome === 'exited' ? ending('gone', row.firstAt, null) : undefined;
}

function gone(rows: readonly SignalEvent[], live: LiveProcess | undefined): Ending {
  return ending(rows.length === 0 && live === undefined ? 'unseen' : 'gone', null, null);
}

function ending(kind: EndingKind, at: string | null, source: EndingSource | null): Ending {
  return { kind, at, exitCode: null, signal: null, signalName: null, coreDumped: false, source };
}
