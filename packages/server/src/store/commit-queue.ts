import { closeSync, fdatasync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { openLog } from './database.ts';

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

/** The transaction was made, and is seen by later ones, but may not outlive a loss of power. */
export class SyncError extends Error {
  override readonly name = 'SyncError';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * Above about this many pages in the log, 4 KiB each, a checkpoint is due. It syncs log and database on the loop, and
 * writes each page once, however often it stands in the log: the rarer the cheaper.
 */
const checkpointPages = 8000;
/** What a transaction writes besides what its writes add: the ends of tables and indexes. An estimate. */
const pagesOfTransaction = 8;

/** So many writes do not wait for a sync that is under way to be made: the loop must not be held up by more at once. */
const gatheredMax = 256;

/**
 * Group commit. Every write that is asked for in one turn of the event loop, or while the disk is busy with the last sync,
 * goes into one transaction: half of what a transaction costs does not depend on how much is in it. One sync of the log
 * serves all that wait for it. It runs in libuv's pool: a slow disk delays the answers that need it, and nothing else.
 */
export class CommitQueue {
  readonly #database: Database;
  readonly #log: number;
  readonly #begin: Statement<[]>;
  readonly #end: Statement<[]>;
  readonly #ended: (isKept: boolean) => void;
  #waiting: Waiting[] = [];
  #unsynced: Waiting[] = [];
  #scheduled = false;
  #syncing = false;
  #idle: (() => void)[] = [];
  #failure: Error | undefined;
  #pagesSinceCheckpoint = 0;
  /** A sync has failed, and none has made up for it. */
  #isSuspect = false;

  /** @param ended told of each transaction whether it was kept */
  constructor(database: Database, ended: (isKept: boolean) => void) {
    this.#database = database;
    this.#ended = ended;
    // The first transaction makes the log where the database was just opened.
    database.exec('BEGIN IMMEDIATE; COMMIT');
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#end = database.prepare('COMMIT');
    this.#log = openLog(database);
  }

  /** Why the last transaction or sync failed; undefined while all is well. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Has `write` run inside the next transaction.
   *
   * @param write runs statements, all at once; must not wait for anything
   * @returns resolves once the transaction is on the disk
   * @throws (rejects) with SQLite's or the disk's error; nothing of the transaction was kept then
   */
  run(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#isGathering()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#commit();
    });
  }

  #commit(): void {
    this.#scheduled = false;
    if (this.#isGathering()) return;
    const batch = this.#waiting;
    this.#waiting = [];
    if (batch.length === 0) return;
    try {
      this.#begin.run();
      for (const { write } of batch) write();
      this.#end.run();
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#ended(false);
      this.#fail(batch, error as Error);
      return;
    }
    this.#ended(true);
    this.#pagesSinceCheckpoint += pagesOfTransaction + batch.length;
    this.#unsynced.push(...batch);
    this.#sync();
  }

  #sync(): void {
    if (this.#syncing || this.#unsynced.length === 0) return;
    this.#syncing = true;
    const batch = this.#unsynced;
    this.#unsynced = [];
    fdatasync(this.#log, (error) => {
      this.#syncing = false;
      const failure = error ?? (this.#isSuspect ? this.#rewrite() : undefined);
      this.#isSuspect = failure !== undefined;
      if (failure === undefined) this.#succeed(batch);
      else this.#fail(batch, new SyncError(failure));
      this.#schedule();
      this.#sync();
      this.#settleIdle();
    });
  }

  /**
   * After a sync that failed, the kernel may take pages for written that never were (fsync(2), NOTES): the next sync
   * says nothing about them. So everything is written anew, into the database itself.
   */
  #rewrite(): Error | undefined {
    try {
      const [row] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
      return row?.busy === 0 ? undefined : new Error('the log could not be written anew: the database is busy');
    } catch (error) {
      return error as Error;
    }
  }

  #succeed(batch: readonly Waiting[]): void {
    this.#failure = undefined;
    for (const { resolve } of batch) resolve();
    if (this.#pagesSinceCheckpoint > checkpointPages) this.checkpoint();
  }

  #fail(batch: readonly Waiting[], error: Error): void {
    this.#failure = error;
    for (const { reject } of batch) reject(error);
    this.#settleIdle();
  }

  /** Moves the log into the database. Cheap where little is in it. On a full disk the log stays, and nothing is lost. */
  checkpoint(): void {
    this.#pagesSinceCheckpoint = 0;
    try {
      this.#database.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  /** The end of the sync has the rest made. */
  #isGathering(): boolean {
    return this.#syncing && this.#waiting.length < gatheredMax;
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#unsynced.length === 0 && !this.#syncing;
  }

  /** Resolves when everything that was asked for is on the disk, or has failed. */
  async drained(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Call when drained. */
  close(): void {
    closeSync(this.#log);
  }
}
