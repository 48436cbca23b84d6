import { copyFileSync, existsSync, rmSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

/** The server's database, opened beside it or after it, to look at or to change. */
export interface OpenStore extends Disposable {
  readonly database: Sqlite.Database;
  /** Is the file whole? */
  integrity(): string;
  /** Adds copies of the newest event: a long history in no time. */
  copyLastEvent(copies: number): void;
  /** Adds ended leases that are like the newest one. */
  copyLastLease(copies: number): void;
}

/**
 * Opens a copy: what a crash left is looked at, and the recovery of it is still the server's.
 *
 * @param path the database file, which no server has
 * @param copy where to put it
 */
export function openCopy(path: string, copy: string): OpenStore {
  for (const part of ['', '-wal', '-shm']) rmSync(copy + part, { force: true });
  for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
  return openStore(copy);
}

/** @param path the database file; call while no server has it, or only read */
export function openStore(path: string): OpenStore {
  const database = new Sqlite(path, { fileMustExist: true });
  return {
    database,
    integrity: () => database.pragma('integrity_check', { simple: true }) as string,
    copyLastEvent: (copies) => {
      copyLast(database, 'event', copies, {});
    },
    copyLastLease: (copies) => {
      copyLast(database, 'lease', copies, { id: randomLeaseId, state: "'released'" });
    },
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

/** Base32 knows neither 0 and 1 nor 8 and 9. */
const randomLeaseId = ['0g', '1h', '8i', '9j'].reduce(
  (sql, [digit, letter]) => `replace(${sql}, '${String(digit)}', '${String(letter)}')`,
  "'ls-' || lower(hex(randomblob(10)))",
);

/** @param changed what SQL gives a column its value instead */
function copyLast(database: Sqlite.Database, table: string, copies: number, changed: Readonly<Record<string, string>>): void {
  const columns = (database.pragma(`table_info(${table})`) as { name: string; pk: number }[]).filter(({ pk }) => pk === 0);
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const values = columns.map(({ name }) => changed[name] ?? `"${name}"`).join(', ');
  database
    .prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO ${table} (${names}) SELECT ${values} FROM n, (SELECT * FROM ${table} ORDER BY rowid DESC LIMIT 1)`,
    )
    .run(copies);
}
