import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openStore } from '#test/support/server/database.ts';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

const isRoot = process.getuid?.() === 0;

/** A small file system for the state folder. */
async function mountSmall(folder: TestFolder): Promise<AsyncDisposable> {
  const state = folder.file('state');
  execFileSync('mkdir', ['-m', '700', state]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', state]);
  return {
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['-l', state]);
      await Promise.resolve();
    },
  };
}

/** Takes what room is left. */
async function fill(folder: TestFolder): Promise<string> {
  const ballast = folder.file('state/ballast');
  for (let bytes = 1024 * 1024; bytes >= 512; bytes /= 2) {
    for (let part = 0; part < 2; part += 1) {
      await writeFile(ballast, Buffer.alloc(bytes), { flag: 'a' }).catch(() => undefined);
    }
  }
  return ballast;
}

describe.skipIf(!isRoot)(`a full disk${isRoot ? '' : ' (skipped: mounting a small file system needs root)'}`, () => {
  it('refuses what it could not keep, goes on with what it has, and catches up', async () => {
    await using folder = await makeFolder();
    await using _small = await mountSmall(folder);
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    await using kept = await startSleeper();
    await using beating = await startSleeper();
    await using ending = await startSleeper();
    await using late = await startSleeper();
    const lease = await wire.call('lease.register', { pid: kept.pid });
    const heartbeat = await wire.call('lease.register', { pid: beating.pid, renewal: 'heartbeat' });
    const short = await wire.call('lease.register', { pid: ending.pid });

    const ballast = await fill(folder);
    const refusal = await until(async () => {
      const { result, error } = await wire.ask('lease.register', { pid: late.pid, label: 'too late' });
      if (result !== undefined) await wire.ask('lease.release', { pid: late.pid });
      return error;
    });
    expect(refusal).toMatchObject({ code: 1501, data: { kind: 'storeUnavailable' } });

    // Nothing half done: the process is not protected, and no lease is listed for it.
    const verdicts = await wire.call('protection.check', { pids: [kept.pid, late.pid] });
    expect(verdicts[0]).toMatchObject({ allow: false, leaseId: lease.id });
    expect(verdicts[1]).toMatchObject({ allow: true, rule: 'unprotected' });
    expect((await wire.call('lease.list', {})).leases.some(({ label }) => label === 'too late')).toBe(false);
    // What is there goes on: heartbeats, ends, and the word about it.
    expect((await wire.call('lease.renew', { leaseId: heartbeat.id })).state).toBe('active');
    expect(await wire.refused('lease.release', { leaseId: lease.id })).toMatchObject({ code: 1501 });
    expect((await wire.call('lease.get', { leaseId: lease.id })).state).toBe('active');
    expect(await wire.refused('process.terminate', { pid: late.pid })).toMatchObject({ code: 1501 });
    expect(late.child.exitCode).toBeNull();
    await ending.kill();
    await omnid.logged('lease ended', ({ leaseId }) => leaseId === short.id);
    expect((await wire.call('server.status', {})).store).toMatchObject({ writable: false, why: expect.any(String) });

    await rm(ballast);
    const taken = await until(async () => (await wire.ask('lease.register', { pid: late.pid })).result);
    expect(taken).toMatchObject({ state: 'active' });
    // What waited was written: the end of the lease whose process died meanwhile.
    await until(async () => (await wire.call('history.query', { leaseId: short.id, outcome: 'exited' })).events.length === 1);
    expect((await wire.call('server.status', {})).store.writable).toBe(true);
    await omnid.stop();
    using store = openStore(databaseOf(folder));
    expect(store.integrity()).toBe('ok');
    expect(store.database.prepare('SELECT state FROM lease WHERE id = ?').pluck().get(short.id)).toBe('exited');
  });
});
