import Sqlite from 'better-sqlite3';

/** The server's database, opened beside it or after it, to look at or to change. */
export interface OpenStore extends Disposable {
  readonly database: Sqlite.Database;
  /** Is the file whole? */
  integrity(): string;
  /** Adds copies of the newest event: a long history in no time. */
  copyLastEvent(copies: number): void;
}

/** @param path the database file; call while no server has it, or only read */
export function openStore(path: string): OpenStore {
  const database = new Sqlite(path, { fileMustExist: true });
  return {
    database,
    integrity: () => database.pragma('integrity_check', { simple: true }) as string,
    copyLastEvent: (copies) => {
      const columns = (database.pragma('table_info(event)') as { name: string }[]).map(({ name }) => name).filter((name) => name !== 'id');
      const names = columns.map((name) => `"${name}"`).join(', ');
      database
        .prepare(
          `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
           INSERT INTO event (${names}) SELECT ${names} FROM n, (SELECT * FROM event ORDER BY id DESC LIMIT 1)`,
        )
        .run(copies);
    },
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}
