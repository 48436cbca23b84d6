import type { Database } from 'better-sqlite3';
import type { Caller } from '#core/rights.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { HistoryQueryParams, OomKill } from '#protocol/history.ts';
import { Backlog, type LaterWrite } from './backlog.ts';
import { CommitQueue, SyncError } from './commit-queue.ts';
import { openDatabase, usedBytes } from './database.ts';
import { queryEvents } from './event-query.ts';
import { EventRows, type EventResult, type EventRow, type NewEvent, type SignalKind } from './event-rows.ts';
import { LeaseRows } from './lease-rows.ts';
import { RuleMemberRows } from './rule-member-rows.ts';
import { serverEvent } from './server-event.ts';

/** The server's memory across restarts: leases, members and history, over one connection to one database. */
export class Store {
  readonly leases: LeaseRows;
  readonly ruleMembers: RuleMemberRows;
  readonly #database: Database;
  readonly #commits: CommitQueue;
  readonly #events: EventRows;
  #droppedElsewhere = 0;
  readonly #listeners = new Set<(row: EventRow) => void>();
  readonly #backlog: Backlog;
  #eventCount: number;
  /** Rows of the transaction that is being made. */
  #inserted = 0;

  /** @param path the database file */
  constructor(path: string) {
    this.#database = openDatabase(path);
    this.leases = new LeaseRows(this.#database);
    this.ruleMembers = new RuleMemberRows(this.#database);
    this.#events = new EventRows(this.#database);
    this.#eventCount = this.#events.count();
    this.#commits = new CommitQueue(this.#database, (isKept) => {
      if (isKept) this.#eventCount += this.#inserted;
      this.#inserted = 0;
    });
    this.#backlog = new Backlog(this.#commits, (count, sinceMs) => {
      const reason = `rows were lost since ${new Date(sinceMs).toISOString()}: the database could not be written`;
      this.tellWhenCommitted(this.insertEvent(serverEvent('dropped', count, reason)));
    });
  }

  get path(): string {
    return this.#database.name;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Rows that were lost because the database could not be written. */
  get droppedCount(): number {
    return this.#backlog.droppedCount + this.#droppedElsewhere;
  }

  /** Why the last write failed; undefined while the database takes writes. */
  get failure(): Error | undefined {
    return this.#commits.failure;
  }

  usedBytes(): number {
    return usedBytes(this.#database);
  }

  /**
   * Writes, and resolves once it is on the disk.
   *
   * @param write statements of this store; runs once, later in this turn of the loop
   * @param takeBack undoes them: a transaction that was made and could not be synced must not come back
   * @throws (rejects) ProtocolError storeUnavailable; nothing is kept then
   */
  async write(write: () => void, takeBack?: () => void): Promise<void> {
    try {
      await this.#commits.run(write);
    } catch (error) {
      if (error instanceof SyncError && takeBack !== undefined) this.writeLater(takeBack);
      throw new ProtocolError('storeUnavailable', `the database cannot be written: ${(error as Error).message}`, {}, error);
    }
    this.#backlog.retry();
  }

  /** Writes what must not hold anybody up, and is kept and tried again where the database cannot be written. */
  writeLater(write: () => void, more: Omit<LaterWrite, 'write'> = {}): void {
    void this.#backlog.add({ write, ...more });
  }

  /** Resolves when what was asked for until now is on the disk, or kept for later. */
  async settled(): Promise<void> {
    await this.#commits.run(() => undefined).catch(() => undefined);
  }

  /** Events that never came as far as the database; whoever says so records them. */
  noteDropped(count: number): void {
    this.#droppedElsewhere += count;
  }

  /** Call from inside a write. The row is told to listeners once it is on the disk. @returns its id */
  insertEvent(event: NewEvent): number {
    const id = this.#events.insert(event);
    this.#inserted += 1;
    return id;
  }

  /** Inside a write: the row of what the sentinel saw at that very moment, where an earlier server wrote it. */
  seenAt(targetPid: number, monotonicNs: bigint, signal: number | null): number | undefined {
    return this.#events.seenAt(targetPid, monotonicNs, signal);
  }

  /** Inside a write: the newest row that counts signals of this kind. */
  lastOfKind(kind: SignalKind): number | undefined {
    return this.#events.lastOfKind(kind);
  }

  /** Inside a write: takes back an event that was never told. */
  removeEvent(id: number): void {
    this.#inserted -= this.#events.remove(id);
  }

  /** Inside a write: a row that is there counts more of the same. */
  recount(id: number, count: number, lastWallMs: number): void {
    this.#events.recount(id, count, lastWallMs);
  }

  /** Inside a write: the kill of this row was the OOM killer's. */
  noteOom(id: number, oom: OomKill): void {
    this.#events.noteOom(id, oom);
  }

  /** Writes one event that others must not wait for, and tells of it. */
  recordLater(event: NewEvent): void {
    this.writeLater(() => {
      this.tellWhenCommitted(this.insertEvent(event));
    });
  }

  /** Writes one event and resolves with its id once it is on the disk. @throws (rejects) storeUnavailable */
  async record(event: NewEvent): Promise<number> {
    let id = 0;
    await this.write(
      () => {
        id = this.insertEvent(event);
      },
      () => {
        this.removeEvent(id);
      },
    );
    this.#tell(id);
    return id;
  }

  /** Notes what became of a signal, and tells of it. Resolves once it is on the disk, or kept for later. */
  finish(id: number, result: EventResult): Promise<void> {
    return this.#backlog.add({
      write: () => {
        this.#events.finish(id, result);
        this.tellWhenCommitted(id);
      },
    });
  }

  /** Inside a write: the row is told to listeners once this transaction is on the disk. */
  tellWhenCommitted(id: number): void {
    if (this.#listeners.size === 0) return;
    this.#commits
      .run(() => undefined)
      .then(
        () => {
          this.#tell(id);
        },
        () => undefined,
      );
  }

  /** Hears of every row that is committed or changed. @returns what ends that */
  listen(listener: (row: EventRow) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(id: number): void {
    if (this.#listeners.size === 0) return;
    const row = this.#events.get(id);
    if (row === undefined) return;
    for (const listener of this.#listeners) listener(row);
  }

  /** @returns a HistoryPage as JSON text */
  query(params: HistoryQueryParams, reader: Caller): Promise<string> {
    return queryEvents(this.#database, params, reader);
  }

  /** For what reads and writes beside the rows: retention, meta. */
  get database(): Database {
    return this.#database;
  }

  /** The row count, after rows were deleted. */
  noteDeleted(count: number): void {
    this.#eventCount -= count;
  }

  /** Finishes what was asked for, then closes. @returns how many writes are lost, which the database did not take */
  async close(): Promise<number> {
    await this.#commits.drained();
    const lost = await this.#backlog.close();
    await this.#commits.drained();
    this.#commits.checkpoint();
    this.#commits.close();
    this.#database.close();
    return lost;
  }
}
