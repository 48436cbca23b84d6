import type { Database } from 'better-sqlite3';

/** Generations that one start of the server may use up; far more than any machine's processes come and go. */
const generationBlock = 2 ** 32;

/** Reserves generations for this server, all larger than those of any server before. @returns the first */
export function reserveGenerations(database: Database): number {
  return database.transaction(() => {
    const row = database.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'generation'").get();
    const first = Number(row?.value ?? 0);
    database
      .prepare("INSERT INTO meta (key, value) VALUES ('generation', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .run(String(first + generationBlock));
    return first;
  })();
}

/** A process by its pid and start. */
export interface ProcessStart {
  readonly pid: number;
  readonly startTicks: string;
}

/** Notes which process serves this database. @returns the one that did before */
export function exchangeServer(database: Database, server: ProcessStart): ProcessStart | undefined {
  return database.transaction(() => {
    const row = database.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'server'").get();
    database
      .prepare("INSERT INTO meta (key, value) VALUES ('server', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .run(JSON.stringify(server));
    return row === undefined ? undefined : (JSON.parse(row.value) as ProcessStart);
  })();
}
