import type { Database, Statement } from 'better-sqlite3';
import type {
  EventContext,
  EventOutcome,
  EventSource,
  KernelFacts,
  OomKill,
  ProcessExit,
  ProcessRef,
  SignalCode,
  TerminationOutcome,
} from '#protocol/history.ts';

/** What is known of an event when it is written; the row's id is given by the database. */
export interface NewEvent {
  readonly firstWallMs: number;
  readonly monotonicNs: bigint;
  readonly source: EventSource;
  readonly signal: number | null;
  readonly code: SignalCode | null;
  readonly outcome: EventOutcome;
  readonly sender: ProcessRef | null;
  readonly target: ProcessRef | null;
  readonly requester?: ProcessRef | undefined;
  readonly leaseId?: string | undefined;
  readonly reason?: string | undefined;
  /** Whose words `reason` is: others do not see it. Undefined: the server's own words. */
  readonly reasonUid?: number | undefined;
  readonly override?: boolean | undefined;
  readonly kernel?: KernelFacts | undefined;
  readonly exit?: ProcessExit | undefined;
  readonly count?: number | undefined;
  readonly lastWallMs?: number | undefined;
  readonly context: EventContext;
}

interface StartedProcess {
  readonly pid: number;
  readonly startTicks: string;
}

/** What signals have in common that one row counts. */
export interface SignalKind {
  readonly sender: StartedProcess | null;
  readonly target: StartedProcess;
  readonly signal: number;
  readonly code: SignalCode;
  readonly outcome: EventOutcome;
}

type KindColumns = [number, number | null, number, SignalCode, EventOutcome];

/** What became of a signal. */
export interface EventResult {
  readonly outcome: EventOutcome;
  readonly termination?: TerminationOutcome | undefined;
  readonly lastWallMs: number;
}

/** A row as it is read. Processes and context are JSON text: most readers pass them on as they are. */
export interface EventRow {
  readonly id: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly monotonic_ns: string;
  readonly source: EventSource;
  readonly signal: number | null;
  readonly code: SignalCode | null;
  readonly outcome: EventOutcome;
  readonly count: number;
  readonly sender_pid: number | null;
  readonly sender_uid: number | null;
  readonly sender_comm: string | null;
  readonly sender: string | null;
  readonly target_pid: number | null;
  readonly target_uid: number | null;
  readonly target_comm: string | null;
  readonly target: string | null;
  readonly requester_uid: number | null;
  readonly requester: string | null;
  readonly lease_id: string | null;
  readonly reason: string | null;
  readonly reason_uid: number | null;
  readonly termination: TerminationOutcome | null;
  readonly override: number | null;
  readonly oom: string | null;
  readonly exit: string | null;
  readonly kernel: string | null;
  readonly context: string;
}

/** The columns of an EventRow. The clock's nanoseconds outgrow 2^53 after 104 days, so they are read as text. */
export const eventColumns =
  'id, first_at, last_at, CAST(monotonic_ns AS TEXT) AS monotonic_ns, source, signal, code, outcome, count, sender_pid, sender_uid, ' +
  'sender_comm, sender, target_pid, target_uid, target_comm, target, requester_uid, requester, lease_id, reason, reason_uid, termination, override, oom, exit, kernel, context';

/** The event table. Writing methods are for inside a transaction (CommitQueue.run). */
export class EventRows {
  readonly #insert: Statement;
  readonly #finish: Statement;
  readonly #recount: Statement;
  readonly #noteOom: Statement;
  readonly #byId: Statement<[number], EventRow>;
  readonly #seenAt: Statement<[number, bigint, number | null], { id: number }>;
  readonly #lastOfKind: Statement<KindColumns, { id: number; sender: string | null; target: string | null }>;
  readonly #remove: Statement<[number]>;
  readonly #count: Statement<[], { count: number }>;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO event (first_at, last_at, monotonic_ns, source, signal, code, outcome, count, sender_pid, sender_uid, sender_comm,
        sender, target_pid, target_uid, target_comm, target, requester_uid, requester, lease_id, reason, reason_uid, override, exit, kernel, context)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#finish = database.prepare('UPDATE event SET outcome = ?, termination = ?, last_at = max(last_at, ?) WHERE id = ?');
    this.#recount = database.prepare('UPDATE event SET count = ?, last_at = max(last_at, ?) WHERE id = ?');
    this.#noteOom = database.prepare('UPDATE event SET oom = ? WHERE id = ?');
    this.#byId = database.prepare(`SELECT ${eventColumns} FROM event WHERE id = ?`);
    this.#seenAt = database.prepare(
      "SELECT id FROM event WHERE target_pid = ? AND monotonic_ns = ? AND signal IS ? AND source = 'sentinel' ORDER BY id DESC LIMIT 1",
    );
    this.#lastOfKind = database.prepare(
      'SELECT id, sender, target FROM event WHERE target_pid = ? AND sender_pid IS ? AND signal = ? AND code = ? AND outcome = ? ' +
        "AND source = 'sentinel' ORDER BY id DESC LIMIT 1",
    );
    this.#remove = database.prepare('DELETE FROM event WHERE id = ?');
    this.#count = database.prepare('SELECT count(*) AS count FROM event');
  }

  /** @returns the new row's id */
  insert(event: NewEvent): number {
    const { sender, target, requester } = event;
    const { lastInsertRowid } = this.#insert.run(
      event.firstWallMs,
      event.lastWallMs ?? event.firstWallMs,
      event.monotonicNs,
      event.source,
      event.signal,
      event.code,
      event.outcome,
      event.count ?? 1,
      sender?.pid ?? null,
      sender?.uid ?? null,
      sender?.comm ?? null,
      text(sender),
      target?.pid ?? null,
      target?.uid ?? null,
      target?.comm ?? null,
      target === null ? null : JSON.stringify(target),
      requester?.uid ?? null,
      text(requester ?? null),
      event.leaseId ?? null,
      event.reason ?? null,
      event.reasonUid ?? null,
      event.override === true ? 1 : null,
      event.exit === undefined ? null : JSON.stringify(event.exit),
      event.kernel === undefined ? null : JSON.stringify(event.kernel),
      sharedJson(event.context),
    );
    return Number(lastInsertRowid);
  }

  /** Notes what became of an intended signal. */
  finish(id: number, result: EventResult): void {
    this.#finish.run(result.outcome, result.termination ?? null, result.lastWallMs, id);
  }

  /** More of the same came. */
  recount(id: number, count: number, lastWallMs: number): void {
    this.#recount.run(count, lastWallMs, id);
  }

  /** The kill was the OOM killer's. */
  noteOom(id: number, oom: OomKill): void {
    this.#noteOom.run(JSON.stringify(oom), id);
  }

  /** @returns how many rows are gone: one, or none where it was not there */
  remove(id: number): number {
    return this.#remove.run(id).changes;
  }

  /** The row of what the sentinel saw at that very moment, where there is one. */
  seenAt(targetPid: number, monotonicNs: bigint, signal: number | null): number | undefined {
    return this.#seenAt.get(targetPid, monotonicNs, signal)?.id;
  }

  /** The newest row of signals of one kind that the sentinel saw, where both processes are the same. */
  lastOfKind(kind: SignalKind): number | undefined {
    const { sender, target, signal, code, outcome } = kind;
    const row = this.#lastOfKind.get(target.pid, sender?.pid ?? null, signal, code, outcome);
    return row !== undefined && isOf(row.target, target) && isOf(row.sender, sender) ? row.id : undefined;
  }

  get(id: number): EventRow | undefined {
    return this.#byId.get(id);
  }

  count(): number {
    return this.#count.get()?.count ?? 0;
  }
}

function isOf(text: string | null, process: StartedProcess | null): boolean {
  if (text === null || process === null) return text === null && process === null;
  return (JSON.parse(text) as ProcessRef).startTicks === process.startTicks;
}

function text(process: ProcessRef | null): string | null {
  return process === null ? null : sharedJson(process);
}

/** A peer's description, and a moment's context, stand in many rows. They do not change once they are made. */
const jsonOf = new WeakMap<object, string>();

function sharedJson(value: ProcessRef | EventContext): string {
  let json = jsonOf.get(value);
  if (json === undefined) {
    json = JSON.stringify(value);
    jsonOf.set(value, json);
  }
  return json;
}
