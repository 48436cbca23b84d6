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
