import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid, socketOf } from '#test/support/server/omnid.ts';
import { serve } from '#test/support/server/served.ts';

describe('the start of omnid', () => {
  it('finds its own files where XDG says, and lets nobody else in', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, ownPaths: true });
    const { socket, database } = await omnid.logged('listening');
    expect(socket).toBe(folder.file('runtime/omnimind/omnid.sock'));
    expect(database).toMatch(new RegExp(`^${folder.file('xdg-state/omnimind/')}[^/]+/omnid.db$`));
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await mode(String(socket))).toBe(0o600);
    expect(await mode(dirname(String(socket)))).toBe(0o700);
    expect(await mode(String(database))).toBe(0o600);
    expect(await mode(dirname(String(database)))).toBe(0o700);
  });

  it('takes the socket from OMNIMIND_SOCKET, and the command line before it', async () => {
    await using folder = await makeFolder();
    const named = folder.file('named.sock');
    await using omnid = await Omnid.start({ folder, ownPaths: true, env: { OMNIMIND_SOCKET: named } });
    expect((await omnid.logged('listening'))['socket']).toBe(named);
    await omnid.stop();
    await using again = await Omnid.start({ folder, env: { OMNIMIND_SOCKET: named } });
    expect((await again.logged('listening'))['socket']).toBe(socketOf(folder));
  });

  it('refuses to be the second on a socket, and the second on a database', async () => {
    await using served = await serve();
    const { folder, wire } = served;
    const onSocket = await Omnid.run({ folder, args: ['--database', folder.file('other/omnid.db')] });
    expect(onSocket).toMatchObject({ code: 1, signal: null });
    expect(onSocket.stderr).toContain(`another omnid holds ${socketOf(folder)}`);
    const onDatabase = await Omnid.run({ folder, args: ['--socket', folder.file('other/omnid.sock')] });
    expect(onDatabase.code).toBe(1);
    expect(onDatabase.stderr).toContain(`another omnid holds ${folder.file('state/lock')}`);
    expect((await wire.call('server.status', {})).connections).toBe(1);
  });

  it('starts once where ten start at the same time', async () => {
    await using folder = await makeFolder();
    await using stack = new AsyncDisposableStack();
    const started = await Promise.all(Array.from({ length: 10 }, () => Omnid.spawn({ folder })));
    for (const omnid of started) stack.use(omnid);
    const ends = started.map((omnid) =>
      Promise.race([omnid.logged('listening').then(() => 'listening'), omnid.ended.then(({ code }) => code)]),
    );
    const outcomes = await Promise.all(ends);
    expect(outcomes.filter((outcome) => outcome === 'listening').length).toBe(1);
    expect(outcomes.filter((outcome) => outcome === 1).length).toBe(9);
  });

  it('replaces a socket that nobody listens on any more', async () => {
    await using served = await serve();
    await served.omnid.kill();
    expect((await stat(socketOf(served.folder))).isSocket()).toBe(true);
    await using next = await Omnid.start({ folder: served.folder });
    await using wire = await next.connect();
    await wire.call('server.status', {});
  });

  it('leaves a socket on which another program listens', async () => {
    await using folder = await makeFolder();
    await mkdir(folder.file('run'), { mode: 0o700 });
    const other = createServer((socket) => socket.on('error', () => undefined).end('here I am\n'));
    await new Promise<void>((resolve) => other.listen(socketOf(folder), resolve));
    try {
      const { code, stderr } = await Omnid.run({ folder });
      expect(code).toBe(1);
      expect(stderr).toContain(`another omnid answers on ${socketOf(folder)}`);
      expect((await stat(socketOf(folder))).isSocket()).toBe(true);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it.each(['a regular file', 'a folder', 'a link to a file'])('leaves %s that stands where the socket would', async (what) => {
    await using folder = await makeFolder();
    await mkdir(folder.file('run'), { mode: 0o700 });
    const path = socketOf(folder);
    await writeFile(folder.file('precious'), 'keep me');
    if (what === 'a regular file') await writeFile(path, 'keep me');
    else if (what === 'a folder') await mkdir(path);
    else await symlink(folder.file('precious'), path);
    const { code, stderr } = await Omnid.run({ folder });
    expect(code).toBe(1);
    expect(stderr).toContain(`${path} is there and is no socket`);
    if (what !== 'a folder') expect(await readFile(path, 'utf8')).toBe('keep me');
  });

  it('says that a path is too long for a socket', async () => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, args: ['--socket', folder.file('x'.repeat(120))] });
    expect(code).toBe(1);
    expect(stderr).toContain('107 bytes');
  });

  it('exits 2 on a mistake in the command line, and shows its help and version', async () => {
    await using folder = await makeFolder();
    for (const [args, word] of [
      [['--sockett', 'x'], '--sockett'],
      [['--scope', 'machine'], 'machine'],
      [['--log-level', 'loud'], 'loud'],
      [['extra'], 'extra'],
      [['--config'], '--config'],
    ] as const) {
      const { code, stderr, stdout } = await Omnid.run({ folder, args });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^omnid: /);
      expect(stderr).toContain(word);
    }
    expect(await Omnid.run({ folder, args: ['--version'] })).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^omnid \d+\.\d+\.\d+\n$/) as string,
    });
    expect((await Omnid.run({ folder, args: ['--help'] })).stdout).toContain('usage: omnid');
  });
});
