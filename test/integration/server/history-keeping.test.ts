import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openStore } from '#test/support/server/database.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { databaseOf, Omnid, type Ended } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

const day = 24 * 60 * 60 * 1000;

/** A server's life with one lease in it that was released: two rows of history. */
async function liveOnce(folder: Awaited<ReturnType<typeof makeFolder>>): Promise<Ended> {
  await using omnid = await Omnid.start({ folder });
  await using wire = await omnid.connect();
  await using sleeper = await startSleeper();
  await wire.call('lease.register', { pid: sleeper.pid });
  await wire.call('lease.release', { pid: sleeper.pid });
  return await omnid.stop();
}

describe('history', () => {
  it('lets go of what is too old, and says so', async () => {
    await using folder = await makeFolder();
    await liveOnce(folder);
    {
      using store = openStore(databaseOf(folder));
      store.database
        .prepare('UPDATE event SET first_at = first_at - ?, last_at = last_at - ? WHERE id = 1')
        .run(31 * day, 31 * day);
      store.database.prepare('UPDATE lease SET ended_at = ended_at - ?').run(31 * day);
    }
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const [pruned] = await until(async () => {
      const { events } = await wire.call('history.query', { outcome: 'pruned' });
      return events.length > 0 && events;
    });
    expect(pruned).toMatchObject({
      source: 'server',
      count: 1,
      signal: null,
      reason: expect.stringContaining('older than') as string,
    });
    const { events } = await wire.call('history.query', { order: 'oldest' });
    expect(events.map(({ outcome }) => outcome)).toEqual(['released', 'pruned']);
    await until(async () => (await wire.call('lease.list', { state: 'any' })).leases.length === 0);
    expect((await wire.call('server.status', {})).events).toBe(2);
  });

  it('stays within its size: the oldest rows go first, and it says so', async () => {
    await using folder = await makeFolder();
    await liveOnce(folder);
    {
      using store = openStore(databaseOf(folder));
      store.copyLastEvent(20_000);
    }
    const bound = 4 * 1024 * 1024;
    await using omnid = await Omnid.start({ folder, config: `[history]\nhistoryBytesMax = ${String(bound)}\n` });
    await using wire = await omnid.connect();
    const [pruned] = await until(async () => {
      const { events } = await wire.call('history.query', { outcome: 'pruned' });
      return events.length > 0 && events;
    });
    const status = await wire.call('server.status', {});
    expect(status.store.bytes).toBeLessThanOrEqual(bound + 256 * 1024);
    expect((pruned?.count ?? 0) + status.events).toBe(20_000 + 2 + 1);
    const { events } = await wire.call('history.query', { order: 'oldest', limit: 1 });
    expect(events[0]?.id).toBe((pruned?.count ?? 0) + 1);
  });

  it('never gives an id twice, though the newest rows were deleted', async () => {
    await using folder = await makeFolder();
    await liveOnce(folder);
    {
      using store = openStore(databaseOf(folder));
      store.database.exec('DELETE FROM event');
    }
    await liveOnce(folder);
    using store = openStore(databaseOf(folder));
    expect(store.database.prepare('SELECT min(id) FROM event').pluck().get()).toBe(3);
  });

  it('refuses a database of a newer omnid, and does not touch it', async () => {
    await using folder = await makeFolder();
    await liveOnce(folder);
    {
      using store = openStore(databaseOf(folder));
      store.database.pragma('user_version = 4711');
    }
    const { code, stderr } = await Omnid.run({ folder });
    expect(code).toBe(1);
    expect(stderr).toContain('has schema 4711');
    using store = openStore(databaseOf(folder));
    expect(store.database.pragma('user_version', { simple: true })).toBe(4711);
  });

  it('leaves a file that is no database as it is', async () => {
    await using folder = await makeFolder();
    const content = 'this is no database, and long enough to be taken for one '.repeat(100);
    await mkdir(folder.file('state'));
    await writeFile(databaseOf(folder), content);
    const { code, stderr } = await Omnid.run({ folder });
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot open the database ${databaseOf(folder)}`);
    expect(await readFile(databaseOf(folder), 'utf8')).toBe(content);
  });

  it('says which file is no database', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.spawn({ folder, args: ['--database', '/etc/hostname/omnid.db'] });
    const { code, stderr } = await omnid.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('/etc/hostname');
  });
});

describe('after a reboot', () => {
  it('what was active is lost, and a process with the same pid is not protected by it', async () => {
    await using folder = await makeFolder();
    await using sleeper = await startSleeper();
    let leaseId = '';
    {
      await using omnid = await Omnid.start({ folder });
      await using wire = await omnid.connect();
      leaseId = (await wire.call('lease.register', { pid: sleeper.pid })).id;
      await omnid.stop();
    }
    {
      using store = openStore(databaseOf(folder));
      store.database.prepare('UPDATE lease SET boot_id = ?').run('00000000-0000-0000-0000-000000000000');
    }
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    expect(await wire.call('lease.get', { leaseId })).toMatchObject({ state: 'lost', members: 0 });
    expect((await wire.call('history.query', { leaseId })).events[0]?.outcome).toBe('lost');
    expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]?.rule).toBe('unprotected');
    await omnid.stop();
    await using next = await Omnid.start({ folder });
    expect(await next.logged('listening')).toMatchObject({ resumed: 0, ended: 0 });
    await using again = await next.connect();
    expect((await again.call('history.query', { leaseId })).events.map(({ outcome }) => outcome)).toEqual(['lost', 'granted']);
  });
});
