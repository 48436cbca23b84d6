import type { Database } from 'better-sqlite3';
import type { Caller } from '#core/rights.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { HistoryQueryParams } from '#protocol/history.ts';
import { CommitQueue } from './commit-queue.ts';
import { openDatabase, usedBytes } from './database.ts';
import { queryEvents } from './event-query.ts';
import { EventRows, type EventResult, type EventRow, type NewEvent } from './event-rows.ts';
import { LeaseRows } from './lease-rows.ts';
import { serverEvent } from './server-event.ts';

/** Rows that could not be written and wait for the next chance, at most. More are counted, not kept. */
const backlogMax = 10_000;

/** The server's memory across restarts: leases, members and history, over one connection to one database. */
export class Store {
  readonly leases: LeaseRows;
  readonly #database: Database;
  readonly #commits: CommitQueue;
  readonly #events: EventRows;
  readonly #listeners = new Set<(row: EventRow) => void>();
  #backlog: (() => void)[] = [];
  #eventCount: number;
  #dropped = 0;
  /** Losses that no row tells of yet. */
  #untold = { count: 0, sinceMs: 0 };

  /** @param path the database file */
  constructor(path: string) {
    this.#database = openDatabase(path);
    this.leases = new LeaseRows(this.#database);
    this.#events = new EventRows(this.#database);
    this.#eventCount = this.#events.count();
    this.#commits = new CommitQueue(this.#database);
  }

  get path(): string {
    return this.#database.name;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Rows that were lost because the database could not be written. */
  get droppedCount(): number {
    return this.#dropped;
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
   * @throws (rejects) ProtocolError storeUnavailable; nothing was kept then
   */
  async write(write: () => void): Promise<void> {
    try {
      await this.#commits.run(write);
    } catch (error) {
      throw new ProtocolError('storeUnavailable', `the database cannot be written: ${(error as Error).message}`, {}, error);
    }
    if (this.#backlog.length > 0 || this.#untold.count > 0) this.#retry();
  }

  /** Writes what must not hold anybody up, and is kept and tried again where the database cannot be written. */
  writeLater(write: () => void): void {
    this.#commits.run(write).then(undefined, () => {
      if (this.#backlog.length < backlogMax) this.#backlog.push(write);
      else this.#drop();
    });
  }

  #drop(): void {
    this.#dropped += 1;
    if (this.#untold.count === 0) this.#untold = { count: 0, sinceMs: Date.now() };
    this.#untold.count += 1;
  }

  /** The database takes writes again: what waited is written, and what was lost meanwhile is said. */
  #retry(): void {
    const backlog = this.#backlog;
    const { count, sinceMs } = this.#untold;
    this.#backlog = [];
    this.#untold = { count: 0, sinceMs: 0 };
    for (const write of backlog) this.writeLater(write);
    if (count === 0) return;
    const reason = `rows were lost since ${new Date(sinceMs).toISOString()}: the database could not be written`;
    this.recordLater(serverEvent('dropped', count, reason));
  }

  /** Call from inside a write. The row is told to listeners once it is on the disk. @returns its id */
  insertEvent(event: NewEvent): number {
    const id = this.#events.insert(event);
    this.#eventCount += 1;
    return id;
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
    await this.write(() => {
      id = this.insertEvent(event);
    });
    this.#tell(id);
    return id;
  }

  /** Notes what became of a signal, and tells of it. */
  finishLater(id: number, result: EventResult): void {
    this.writeLater(() => {
      this.#events.finish(id, result);
      this.tellWhenCommitted(id);
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

  /** Finishes what was asked for, then closes. */
  async close(): Promise<void> {
    this.#retry();
    await this.#commits.drained();
    if (this.failure === undefined) this.#commits.checkpoint();
    this.#commits.close();
    this.#database.close();
  }
}
