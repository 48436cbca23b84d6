import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { describeFailure } from '#cli/failure.ts';
import { serverEnvironment } from '#cli/server/environment.ts';
import { inodesAt, isListener } from '#cli/server/listener.ts';
import { lastLogLine, logLength, openLog } from '#cli/server/log-file.ts';
import { confinement, folderOf, refusalOfSocket } from '#cli/server/may-start.ts';
import { omnidCommand } from '#cli/server/omnid-command.ts';
import { isNewer, versionWarning } from '#cli/version.ts';
import { ConnectionLostError, NoServerError, RequestTimeoutError, UntrustedServerError } from '#client/index.ts';
import { errorCodes, ProtocolError, type ErrorKind } from '#protocol/errors.ts';
import { makeFolder } from '#test/support/server/folder.ts';

test('a server gets what paths and the configuration depend on, and nothing of one command', () => {
  const clean = serverEnvironment({
    PATH: '/bin',
    HOME: '/root',
    LANG: 'C',
    XDG_RUNTIME_DIR: '/run/user/0',
    OMNIMIND_RESOURCE_PROTECTOR_MODE: 'test',
    OMNIMIND_LEASE: 'secret',
    OMNIMIND_SOCKET: '/x',
    OMNIMIND_DEV_SCRIPT_MODE: 'true',
    OMNIMIND_SCRIPT_PID: '1',
    LD_PRELOAD: 'x.so',
    NODE_OPTIONS: '--inspect',
    SECRET: 'x',
    HOMELESS: 'x',
  });
  expect(Object.keys(clean).toSorted()).toEqual([
    'HOME',
    'LANG',
    'OMNIMIND_RESOURCE_PROTECTOR_MODE',
    'PATH',
    'XDG_RUNTIME_DIR',
  ]);
});

const free = { status: 'Name:\tx\nNoNewPrivs:\t0\n', pidNamespace: 'pid:[4026531836]' };

test('no server is started from a confined process or another PID namespace', () => {
  expect(confinement(free)).toBeUndefined();
  expect(confinement({ ...free, status: 'NoNewPrivs:\t1\n' })).toContain('no_new_privs');
  expect(confinement({ ...free, pidNamespace: 'pid:[4026532200]' })).toContain('container');
});

test("a named socket is served where its folder is one's own and nobody else's", async () => {
  await using folder = await makeFolder();
  const uid = process.geteuid?.();
  const path = folder.file('s.sock');
  expect(refusalOfSocket(path, folderOf(path), uid)).toBeUndefined();
  expect(refusalOfSocket('/run/omnimind/omnid.sock', folderOf(path), uid)).toContain('system');
  expect(refusalOfSocket(folder.file('none/s.sock'), folderOf(folder.file('none/s.sock')), uid)).toContain('does not exist');
  expect(refusalOfSocket(path, folderOf(path), (uid ?? 0) + 1)).toContain('not yours');
  await mkdir(folder.file('open'));
  await chmod(folder.file('open'), 0o777);
  const open = folder.file('open/s.sock');
  expect(refusalOfSocket(open, folderOf(open), uid)).toContain('others may write');
});

test('the omnid of a checkout is found, and one beside a bundle', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.file('omnid.cjs'), '');
  expect(omnidCommand(folder.file('omnictl.cjs'))).toEqual([process.execPath, folder.file('omnid.cjs')]);
  expect(() => omnidCommand('/nowhere/omnictl.cjs')).toThrow('start omnid by hand');
});

test('the log is private, and its last line is told from where it was', async () => {
  await using folder = await makeFolder();
  const path = folder.file('state/logs/omnid.log');
  const fd = openLog(path);
  await writeFile(path, '{"msg":"of another time"}\n');
  const from = logLength(fd);
  expect(lastLogLine(path, from)).toBeUndefined();
  await writeFile(path, '{"msg":"listening"}\n{"level":60,"msg":"another omnid holds the lock"}\n', { flag: 'a' });
  expect(lastLogLine(path, from)).toBe('another omnid holds the lock');
  await writeFile(path, 'Node.js crashed\n', { flag: 'a' });
  expect(lastLogLine(path, from)).toBe('Node.js crashed');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(folder.file('state/logs'))).mode & 0o777).toBe(0o700);
  expect(lastLogLine(folder.file('none'), 0)).toBeUndefined();
});

test('a pid is taken for the server only where it holds the listening socket', async () => {
  await using folder = await makeFolder();
  const path = folder.file('a socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  try {
    expect(isListener(process.pid, path)).toBe(true);
    expect(isListener(process.ppid, path)).toBe(false);
    expect(isListener(process.pid, folder.file('other'))).toBe(false);
  } finally {
    server.close();
  }
  const table =
    'Num       RefCount Protocol Flags    Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 812 /run/a b.sock\n';
  expect([...inodesAt(table, '/run/a b.sock')]).toEqual(['812']);
});

test('versions are compared as numbers, and only a newer omnictl warns', () => {
  expect(isNewer('1.10.0', '1.9.3')).toBe(true);
  expect(isNewer('1.9.3', '1.10.0')).toBe(false);
  expect(isNewer('1.0', '1.0.0')).toBe(false);
  expect(isNewer('2.0.0-rc.1', '1.9.9')).toBe(true);
  expect(versionWarning('0.0.1')).toContain("'omnictl server restart'");
  expect(versionWarning('99.0.0')).toBeUndefined();
});

test('every error of the protocol has an exit code of its meaning', () => {
  const codes = Object.fromEntries(
    Object.keys(errorCodes).map((kind) => [kind, describeFailure(new ProtocolError(kind as ErrorKind, 'x')).exitCode]),
  );
  expect(codes).toMatchObject({
    processNotFound: 1,
    leaseNotFound: 1,
    leaseEnded: 1,
    signalDenied: 1,
    invalidParams: 2,
    ttlOutOfRange: 2,
    shuttingDown: 75,
    overloaded: 75,
    storeUnavailable: 75,
    limitReached: 75,
    notPermitted: 77,
    leaseHeldByOther: 77,
  });
});

test('the failures of a connection have theirs', () => {
  expect(describeFailure(new NoServerError(['/x'])).exitCode).toBe(69);
  expect(describeFailure(new UntrustedServerError('/x', 'y')).exitCode).toBe(77);
  expect(describeFailure(new ConnectionLostError('/x')).exitCode).toBe(75);
  expect(describeFailure(new RequestTimeoutError('server.info', 5)).exitCode).toBe(75);
  expect(describeFailure(new TypeError('x')).exitCode).toBe(70);
});
