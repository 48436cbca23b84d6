import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid, socketOf } from '#test/support/server/omnid.ts';
import { startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

describe('starting', () => {
  it('refuses a second server on the same socket, and leaves the first alone', async () => {
    await using served = await serve();
    const { folder, omnid, wire } = served;
    const other = await Omnid.run({ folder, args: ['--database', folder.file('other/omnid.db')] });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain(`another omnid holds ${omnid.socket}`);
    expect((await wire.call('server.info', {})).pid).toBe(omnid.pid);
  });

  it('refuses a second server on the same state folder', async () => {
    await using served = await serve();
    const { folder } = served;
    const other = await Omnid.run({ folder, args: ['--socket', folder.file('other.sock')] });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('serves this state folder already');
    expect(existsSync(folder.file('other.sock'))).toBe(false);
  });

  it('replaces the socket of a server that was killed', async () => {
    await using served = await serve();
    const { folder, omnid } = served;
    await omnid.kill();
    expect(existsSync(omnid.socket)).toBe(true);
    await using next = await Omnid.start({ folder });
    await using wire = await next.connect();
    expect((await wire.call('server.info', {})).pid).toBe(next.pid);
  });

  it('does not touch a file that is no socket', async () => {
    await using folder = await makeFolder();
    await mkdir(dirname(socketOf(folder)), { recursive: true, mode: 0o700 });
    await writeFile(socketOf(folder), 'somebody needs this');
    const { code, stderr } = await Omnid.run({ folder });
    expect(code).toBe(1);
    expect(stderr).toContain('is no socket');
    expect((await stat(socketOf(folder))).isFile()).toBe(true);
  });

  it('does not replace the socket of another program that answers', async () => {
    await using folder = await makeFolder();
    await mkdir(dirname(socketOf(folder)), { recursive: true, mode: 0o700 });
    const other = createServer((socket) => socket.end());
    other.listen(socketOf(folder));
    await once(other, 'listening');
    try {
      const { code, stderr } = await Omnid.run({ folder });
      expect(code).toBe(1);
      expect(stderr).toContain('answers on');
      expect(existsSync(socketOf(folder))).toBe(true);
    } finally {
      other.close();
    }
  });

  it('keeps its folders and files to its user', async () => {
    await using served = await serve();
    const { omnid } = served;
    for (const [path, mode] of [
      [omnid.socket, 0o600],
      [dirname(omnid.socket), 0o700],
      [omnid.database, 0o600],
      [dirname(omnid.database), 0o700],
    ] as const) {
      expect([path, (await stat(path)).mode & 0o777]).toEqual([path, mode]);
    }
  });

  it('refuses a socket path that is too long for the kernel', async () => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, args: ['--socket', folder.file('x'.repeat(120))] });
    expect(code).toBe(1);
    expect(stderr).toContain('107 bytes');
  });
});

describe('the command line', () => {
  it.each([[['--scope', 'planet']], [['--log-level', 'loud']], [['--nonsense']], [['stray']]])(
    'refuses %j with 2',
    async (args) => {
      await using folder = await makeFolder();
      const { code, stderr } = await Omnid.run({ folder, args });
      expect(code).toBe(2);
      expect(stderr).toContain(args[0]);
    },
  );

  it('tells its version and its help', async () => {
    await using folder = await makeFolder();
    expect(await Omnid.run({ folder, args: ['--version'] })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^omnid \d/),
    });
    expect(await Omnid.run({ folder, args: ['--help'] })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--database'),
    });
  });
});

describe('stopping', () => {
  it('answers what is in flight, and exits with 0', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    await using stubborn = await startStubborn();
    await wire.call('history.subscribe', { source: 'mediated' });
    const answer = wire.ask('process.terminate', { pid: stubborn.pid, graceMs: 300 });
    await wire.told('history.event');
    expect(await omnid.stop()).toMatchObject({ code: 0, signal: null });
    expect((await answer).result).toMatchObject({ outcome: 'killed' });
    expect(existsSync(omnid.socket)).toBe(false);
  });

  it('keeps leases for the next server', async () => {
    await using served = await serve();
    const { folder, omnid, wire } = served;
    await using sleeper = await startSleeper();
    const lease = await wire.call('lease.register', { pid: sleeper.pid, label: 'stays' });
    const before = (await wire.call('server.status', {})).generation;
    await omnid.stop();
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    expect(await again.call('lease.get', { leaseId: lease.id })).toMatchObject({ state: 'active', label: 'stays', members: 1 });
    expect((await again.call('server.status', {})).generation).toBeGreaterThan(before);
  });

  it('ends by itself where a user has nothing for it to do', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[server]\nidleEndMs = 40\n' });
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
    expect(omnid.log.at(-1)).toMatchObject({ msg: 'stopping', reason: 'idle' });
  });

  it('does not end while there is a lease', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[server]\nidleEndMs = 200\n' });
    await using sleeper = await startSleeper();
    const wire = await omnid.connect();
    await wire.call('lease.register', { pid: sleeper.pid, maxMs: 700 });
    wire.destroy();
    await omnid.logged('lease ended');
    expect(omnid.log.some(({ msg }) => msg === 'stopping')).toBe(false);
    expect((await omnid.ended).code).toBe(0);
  });
});
