import type { Database } from 'better-sqlite3';

/**
 * The schema, as numbered steps forward. `PRAGMA user_version` counts the steps that were taken. A step that has
 * been released is never changed: a new one is added.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE lease (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    uid INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pidfd_id TEXT,
    label TEXT,
    reason TEXT,
    renewal TEXT NOT NULL,
    scope TEXT NOT NULL,
    strict INTEGER NOT NULL,
    forbidden TEXT NOT NULL,
    priority INTEGER NOT NULL,
    parent_id TEXT,
    depth INTEGER NOT NULL,
    state TEXT NOT NULL,
    ttl_ms INTEGER,
    max_ms INTEGER,
    max_deadline_ms REAL,
    marker_digest TEXT,
    granted_at INTEGER NOT NULL,
    granted_ticks INTEGER NOT NULL,
    renewed_at INTEGER,
    ended_at INTEGER
  ) STRICT;
  CREATE INDEX lease_state ON lease (state, seq);

  CREATE TABLE member (
    lease_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    pidfd_id TEXT,
    by_marker INTEGER NOT NULL,
    PRIMARY KEY (lease_id, pid, start_ticks)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    monotonic_ns INTEGER NOT NULL,
    source TEXT NOT NULL,
    signal INTEGER,
    code TEXT,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    sender_pid INTEGER,
    sender_uid INTEGER,
    sender_comm TEXT,
    sender TEXT,
    target_pid INTEGER,
    target_uid INTEGER,
    target_comm TEXT,
    target TEXT,
    requester_uid INTEGER,
    requester TEXT,
    lease_id TEXT,
    reason TEXT,
    reason_uid INTEGER,
    termination TEXT,
    override INTEGER,
    oom TEXT,
    exit TEXT,
    context TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_first_at ON event (first_at);
  CREATE INDEX event_signal ON event (signal, id) WHERE signal IS NOT NULL;
  CREATE INDEX event_target ON event (target_pid, id);
  CREATE INDEX event_sender ON event (sender_pid, id) WHERE sender_pid IS NOT NULL;
  CREATE INDEX event_lease ON event (lease_id, id) WHERE lease_id IS NOT NULL;
  `,
  `
  ALTER TABLE lease ADD COLUMN guard INTEGER NOT NULL DEFAULT 0;
  `,
  'ALTER TABLE event ADD COLUMN kernel TEXT',
  `
  CREATE TABLE rule_member (
    pid INTEGER NOT NULL,
    start_ticks TEXT NOT NULL,
    pidfd_id TEXT,
    boot_id TEXT NOT NULL,
    covers TEXT NOT NULL,
    PRIMARY KEY (pid, start_ticks)
  ) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Brings a database to this version's schema, each step in one transaction.
 *
 * @returns how many steps were taken
 * @throws Error where the database is of a newer version: an old server must not write to it
 */
export function migrate(database: Database): number {
  const from = database.pragma('user_version', { simple: true }) as number;
  if (from > migrations.length) {
    throw new Error(
      `the database has schema ${String(from)}, and this omnid knows ${String(migrations.length)}: start the newer omnid, or give another --database`,
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < from) continue;
    database.transaction(() => {
      database.exec(step);
      database.pragma(`user_version = ${String(index + 1)}`);
    })();
  }
  return migrations.length - from;
}
