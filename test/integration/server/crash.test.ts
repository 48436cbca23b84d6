import { expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { openCopy, type OpenStore } from '#test/support/server/database.ts';
import { startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { newRandom } from '#test/support/server/random.ts';
import type { Wire } from '#test/support/server/wire.ts';

const kills = 100;
const processes = 24;
const connections = 3;
/** A kill comes at any moment up to this one after the load began. */
const momentMsMax = 60;

/** What the test knows of one process: what was answered, and whether something is under way. */
interface Subject {
  readonly pid: number;
  leaseId: string | undefined;
  isAsked: boolean;
}

/** The answers of one round. */
interface Answered {
  readonly registered: Set<string>;
  readonly released: Set<string>;
}

/** Registers and releases one process without a pause, until the server is gone. */
async function load(wire: Wire, subject: Subject, answered: Answered): Promise<void> {
  for (;;) {
    subject.isAsked = true;
    const { leaseId } = subject;
    if (leaseId === undefined) {
      subject.leaseId = (await wire.call('lease.register', { pid: subject.pid })).id;
      answered.registered.add(subject.leaseId);
    } else {
      await wire.call('lease.release', { leaseId });
      subject.leaseId = undefined;
      answered.released.add(leaseId);
    }
    subject.isAsked = false;
  }
}

/** What the server that was started after the kill says must be what the one before it answered. */
async function checkServer(wire: Wire, subjects: readonly Subject[]): Promise<void> {
  const { leases } = await wire.call('lease.list', { limit: 1000 });
  const active = new Map(leases.map(({ id, identity }) => [identity.pid, id]));
  for (const subject of subjects) {
    const id = active.get(subject.pid);
    // What was under way may have happened or not; what was answered has.
    if (!subject.isAsked || (id !== undefined && subject.leaseId !== undefined)) {
      expect(id, `pid ${String(subject.pid)}`).toBe(subject.leaseId);
    }
    subject.leaseId = id;
    subject.isAsked = false;
  }
}

/** Each answer has its row of the lease, and its row of history. */
function checkRows(store: OpenStore, { registered, released }: Answered): void {
  const { database } = store;
  expect(store.integrity()).toBe('ok');
  const state = database.prepare<[string], { state: string }>('SELECT state FROM lease WHERE id = ?');
  const event = database.prepare<[string, string]>('SELECT id FROM event WHERE lease_id = ? AND outcome = ?');
  for (const id of registered) expect([state.get(id)?.state, event.all(id, 'granted').length]).toEqual([expect.any(String), 1]);
  for (const id of released) expect([state.get(id)?.state, event.all(id, 'released').length]).toEqual(['released', 1]);
}

it(`loses nothing that was answered, killed at ${String(kills)} random moments`, { timeout: 600_000 }, async () => {
  const random = newRandom();
  await using folder = await makeFolder();
  await using stack = new AsyncDisposableStack();
  const started: TestProcess[] = await Promise.all(Array.from({ length: processes }, () => startSleeper()));
  for (const one of started) stack.use(one);
  const subjects: Subject[] = started.map(({ pid }) => ({ pid, leaseId: undefined, isAsked: false }));
  let generation = -1;
  let answers = 0;
  for (let round = 0; round < kills; round += 1) {
    await using omnid = await Omnid.start({ folder });
    const wires = await Promise.all(Array.from({ length: connections }, () => omnid.connect()));
    await using watcher = await omnid.connect();
    await checkServer(watcher, subjects);
    const now = (await watcher.call('protection.subscribe', {})).generation;
    expect(now).toBeGreaterThan(generation);
    const answered: Answered = { registered: new Set(), released: new Set() };
    const loaded = subjects.map((subject, index) => load(wires[index % connections]!, subject, answered));
    await new Promise((resolve) => setTimeout(resolve, random.next() * momentMsMax));
    omnid.signal('SIGKILL');
    await Promise.allSettled([...loaded, omnid.ended]);
    for (const wire of wires) wire.destroy();
    const told = watcher
      .arrivals()
      .map((message) => ('params' in message ? (message.params as { generation: number }).generation : 0));
    generation = Math.max(now, ...told);
    answers += answered.registered.size + answered.released.size;
    using store = openCopy(databaseOf(folder), folder.file('copy.db'));
    checkRows(store, answered);
  }
  await using omnid = await Omnid.start({ folder });
  await using wire = await omnid.connect();
  await checkServer(wire, subjects);
  expect(answers).toBeGreaterThan(kills);
});
