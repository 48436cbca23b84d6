import type { Database, Statement } from 'better-sqlite3';

/** A process that a rule was seen to cover. */
export interface RuleMemberRow {
  readonly pid: number;
  readonly start_ticks: string;
  readonly pidfd_id: string | null;
  readonly boot_id: string;
  /** JSON: what covers it, innermost first. */
  readonly covers: string;
}

/** Whom rules cover. Writing methods are for inside a transaction (CommitQueue.run). */
export class RuleMemberRows {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #delete: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(
      'INSERT OR REPLACE INTO rule_member (pid, start_ticks, pidfd_id, boot_id, covers) VALUES (?, ?, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM rule_member WHERE pid = ? AND start_ticks = ?');
  }

  insert({ pid, start_ticks, pidfd_id, boot_id, covers }: RuleMemberRow): void {
    this.#insert.run(pid, start_ticks, pidfd_id, boot_id, covers);
  }

  delete(pid: number, startTicks: string): void {
    this.#delete.run(pid, startTicks);
  }

  all(): RuleMemberRow[] {
    return this.#database.prepare<[], RuleMemberRow>('SELECT * FROM rule_member').all();
  }
}
