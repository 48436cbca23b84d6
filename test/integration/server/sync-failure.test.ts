import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openStore } from '#test/support/server/database.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

const compiler = '/usr/bin/cc';
const hasCompiler = spawnSync(compiler, ['--version']).status === 0;

/** fdatasync(2) as on a disk that is failing, while a file says so. */
const shim = `
  #define _GNU_SOURCE
  #include <errno.h>
  #include <stdlib.h>
  #include <sys/syscall.h>
  #include <unistd.h>
  int fdatasync(int fd) {
    const char *flag = getenv("TEST_FAILING");
    if (flag != NULL && access(flag, F_OK) == 0) { errno = EIO; return -1; }
    return (int)syscall(SYS_fdatasync, fd);
  }`;

describe.skipIf(!hasCompiler)('a disk that fails to sync (needs a C compiler)', () => {
  it('grants nothing, and what was not granted does not come back with the next server', async () => {
    await using folder = await makeFolder();
    const library = folder.file('shim.so');
    const failing = folder.file('failing');
    writeFileSync(folder.file('shim.c'), shim);
    expect(spawnSync(compiler, ['-shared', '-fPIC', '-o', library, folder.file('shim.c')]).status).toBe(0);
    // What else a server may tell of, on a busy machine, is not what is counted here.
    const config = '[protector]\nmode = "off"\n';
    await using omnid = await Omnid.start({ folder, config, env: { LD_PRELOAD: library, TEST_FAILING: failing } });
    await using wire = await omnid.connect();
    await using first = await startSleeper();
    await using second = await startSleeper();
    const kept = await wire.call('lease.register', { pid: first.pid, label: 'kept' });
    writeFileSync(failing, '');
    expect(await wire.refused('lease.register', { pid: second.pid, label: 'lost' })).toMatchObject({ code: 1501 });
    expect((await wire.call('protection.check', { pids: [second.pid] }))[0]?.rule).toBe('unprotected');
    expect(await wire.refused('lease.register', { pid: first.pid, label: 'changed' })).toMatchObject({ code: 1501 });
    expect(await wire.refused('process.terminate', { pid: second.pid })).toMatchObject({ code: 1501 });
    expect(second.child.exitCode ?? second.child.signalCode).toBeNull();
    expect(await wire.refused('lease.release', { leaseId: kept.id })).toMatchObject({ code: 1501 });
    expect((await wire.call('protection.check', { pids: [first.pid] }))[0]).toMatchObject({ allow: false, leaseId: kept.id });
    expect((await wire.call('server.status', {})).store.writable).toBe(false);
    rmSync(failing);
    await until(async () => (await wire.call('server.status', {})).store.writable);
    await until(async () => (await wire.call('server.status', {})).events === 1);
    await omnid.kill();
    await using next = await Omnid.start({ folder, config });
    await using again = await next.connect();
    expect((await again.call('lease.list', {})).leases.map(({ id }) => id)).toEqual([kept.id]);
    expect(await again.call('lease.get', { leaseId: kept.id })).toMatchObject({ state: 'active', members: 1, label: 'kept' });
    // History tells of nothing that did not happen.
    expect((await again.call('history.query', {})).events.map(({ outcome, leaseId }) => [outcome, leaseId])).toEqual([
      ['granted', kept.id],
    ]);
    await next.stop();
    using store = openStore(databaseOf(folder));
    expect(store.integrity()).toBe('ok');
  });
});
