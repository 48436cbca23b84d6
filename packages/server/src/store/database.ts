import { chmodSync, closeSync, constants, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { migrate } from './migrations.ts';

/**
 * Opens the server's database, makes it where there is none, and brings it to this version's schema.
 *
 * The journal is a WAL. `synchronous=NORMAL` lets COMMIT return before the log is on the disk; CommitQueue then
 * syncs the log itself, off the event loop, before anything is answered: the durability of FULL, without a loop
 * that waits for a slow disk.
 *
 * @param path the database file; its folder is made with mode 0700
 * @throws Error that names the file and what is wrong with it
 */
export function openDatabase(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let database: Database | undefined;
  try {
    database = new Sqlite(path);
    chmodSync(path, 0o600);
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('wal_autocheckpoint = 0');
    // What is written is at the end of a few indexes; whatever else is read, the system's cache has.
    database.pragma('cache_size = -512');
    database.pragma('foreign_keys = OFF');
    migrate(database);
    syncFolder(dirname(path));
    return database;
  } catch (error) {
    database?.close();
    throw new Error(`cannot open the database ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A new file's name is on the disk only once its folder is (fsync(2), NOTES). */
function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens the WAL for syncing. SQLite takes no locks on this file, so closing the descriptor gives none away
 * (sqlite.org/howtocorrupt.html, section 2.2, is about the database file).
 */
export function openLog(database: Database): number {
  return openSync(`${database.name}-wal`, constants.O_RDONLY);
}

/** Size of the database without its free pages, bytes. */
export function usedBytes(database: Database): number {
  const pages =
    (database.pragma('page_count', { simple: true }) as number) -
    (database.pragma('freelist_count', { simple: true }) as number);
  return pages * (database.pragma('page_size', { simple: true }) as number);
}
