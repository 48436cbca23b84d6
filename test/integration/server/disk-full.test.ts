import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { obstacles } from '#test/support/server/obstacles.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { openCopy } from '#test/support/server/database.ts';
import { countPidfds } from '#test/support/server/inspect.ts';
import { startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import type { Wire } from '#test/support/server/wire.ts';

/** Registers and releases until the database takes no more. */
async function fill(wire: Wire, pid: number): Promise<void> {
  for (;;) {
    const { error } = await wire.ask('lease.register', { pid, reason: 'r'.repeat(1000) });
    if (error === undefined) continue;
    expect(error).toMatchObject({ code: 1501, data: { kind: 'storeUnavailable' } });
    return;
  }
}

describe.each(obstacles)('a database on $what', ({ can, make }) => {
  it.skipIf(!can)('refuses registrations, changes nothing, and goes on with everything else', async () => {
    await using obstacle = await make();
    const { folder, prefix, database } = obstacle;
    await using omnid = await Omnid.start({ folder, prefix });
    await using wire = await omnid.connect();
    await using held = await startSleeper();
    await using beating = await startSleeper();
    await using newcomer = await startSleeper();
    await using stubborn = await startStubborn();
    const leaver = await startSleeper();
    const before = await wire.call('lease.register', { pid: held.pid, label: 'before' });
    const heart = await wire.call('lease.register', { pid: beating.pid, ttlMs: 60_000 });
    const leaving = await wire.call('lease.register', { pid: leaver.pid });
    await obstacle.close(omnid);
    await fill(wire, held.pid);
    const pidfds = countPidfds(omnid.pid);

    // Nothing was changed by what was refused.
    const label = (await wire.call('lease.get', { leaseId: before.id })).label;
    expect(await wire.refused('lease.register', { pid: newcomer.pid })).toMatchObject({ code: 1501 });
    expect(await wire.refused('lease.register', { pid: held.pid, label: 'changed', scope: 'process' })).toMatchObject({
      code: 1501,
    });
    expect(await wire.refused('lease.release', { leaseId: before.id })).toMatchObject({ code: 1501 });
    expect(await wire.call('lease.get', { leaseId: before.id })).toMatchObject({ state: 'active', label, scope: 'tree' });
    expect((await wire.call('protection.check', { pids: [newcomer.pid] }))[0]?.rule).toBe('unprotected');

    // Leases, verdicts and heartbeats go on; a kill that cannot be recorded is not made.
    expect((await wire.call('protection.check', { pids: [held.pid] }))[0]).toMatchObject({ allow: false, leaseId: before.id });
    const { expiresAt } = await wire.call('lease.renew', { leaseId: heart.id, ttlMs: 120_000 });
    expect(Date.parse(expiresAt ?? '')).toBeGreaterThan(Date.parse(heart.expiresAt ?? ''));
    for (let round = 0; round < 10; round += 1) {
      expect(await wire.refused('process.terminate', { pid: stubborn.pid, signal: 9 })).toMatchObject({ code: 1501 });
    }
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
    await until(() => countPidfds(omnid.pid) === pidfds);
    const { store } = await wire.call('server.status', {});
    expect(store).toMatchObject({ writable: false, why: expect.any(String) as string });

    // A lease that ends now has ended, though the disk does not know.
    const exitedMs = Date.now();
    await leaver.kill();
    await until(async () => (await wire.call('lease.get', { leaseId: leaving.id })).state === 'exited');
    expect((await wire.call('lease.list', {})).leases.map(({ id }) => id)).toEqual([heart.id, before.id]);
    expect(await wire.refused('lease.renew', { leaseId: leaving.id })).toMatchObject({ code: 1102, data: { state: 'exited' } });

    // Room again: what waited is written without anybody's asking, as of the time when it happened.
    await obstacle.open(omnid);
    const ended = await until(async () => (await wire.call('history.query', { outcome: 'exited' })).events[0]);
    expect(ended.leaseId).toBe(leaving.id);
    expect(Math.abs(Date.parse(ended.firstAt) - exitedMs)).toBeLessThan(5000);
    await until(async () => (await wire.call('server.status', {})).store.writable);
    const after = await wire.call('lease.register', { pid: newcomer.pid });
    expect((await wire.call('server.status', {})).droppedEvents).toBe(0);
    await wire.call('lease.release', { leaseId: before.id });
    expect((await wire.call('process.terminate', { pid: stubborn.pid, signal: 9 })).outcome).toBe('killed');
    await omnid.stop();

    // And all of it outlives the server.
    await using next = await Omnid.start({ folder, prefix });
    await using again = await next.connect();
    expect((await again.call('lease.list', {})).leases.map(({ id }) => id)).toEqual([after.id, heart.id]);
    await next.stop();
    using whole = openCopy(database, folder.file('copy.db'));
    expect(whole.integrity()).toBe('ok');
    const orphans = "SELECT count(*) AS count FROM member WHERE lease_id NOT IN (SELECT id FROM lease WHERE state = 'active')";
    expect(whole.database.prepare(orphans).get()).toEqual({ count: 0 });
  });

  it.skipIf(!can)('keeps the server, where its log is on the same disk', async () => {
    await using obstacle = await make();
    const { folder, prefix, database } = obstacle;
    await mkdir(dirname(database), { recursive: true, mode: 0o700 });
    const log = join(dirname(database), 'omnid.log');
    // For the limit on a file's size: it must meet the log as well as the database.
    if (prefix.length === 0) await writeFile(log, `${'x'.repeat(4 * 1024 * 1024)}\n`);
    const stderrFd = openSync(log, 'a', 0o600);
    try {
      await using omnid = await Omnid.start({ folder, prefix, stderrFd });
      await using wire = await omnid.connect();
      await using sleeper = await startSleeper();
      const lease = await wire.call('lease.register', { pid: sleeper.pid });
      await obstacle.close(omnid);
      // Each refusal is logged with its cause: more than what room the log's last page has.
      for (let round = 0; round < 40; round += 1) await fill(wire, sleeper.pid);
      expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({
        allow: false,
        leaseId: lease.id,
      });
      await obstacle.open(omnid);
      await until(async () => (await wire.ask('lease.release', { leaseId: lease.id })).error === undefined);
      // The log is itself again after a moment, and says that it has a gap.
      await until(async () => {
        await wire.call('lease.register', { pid: sleeper.pid });
        return readFileSync(log, 'utf8').includes('"log lines are lost"');
      }, 200);
      expect(await omnid.stop()).toMatchObject({ code: 0 });
    } finally {
      closeSync(stderrFd);
    }
  });
});

describe('the log', () => {
  it('may lose its reader: the server goes on', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    await using sleeper = await startSleeper();
    omnid.child.stderr?.destroy();
    for (let round = 0; round < 5; round += 1) {
      await wire.call('lease.register', { pid: sleeper.pid });
      await wire.call('lease.release', { pid: sleeper.pid });
    }
    omnid.signal('SIGTERM');
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
  });
});
