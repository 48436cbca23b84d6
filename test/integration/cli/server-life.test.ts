import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ServerInfo } from '#protocol/server.ts';
import { parentOf, runs, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { until } from '#test/support/server/until.ts';
import { serversOf } from './support/end-servers.ts';
import { skipWhereNoneIsStarted } from './support/may-start.ts';
import { User, withServer } from './support/omnictl.ts';
import { expectShape } from './support/shapes.ts';

test.each([
  [['status']],
  [['list']],
  [['history']],
  [['history', '--follow']],
  [['may-kill', '4242']],
  [['kill', '4242']],
  [['heartbeat', 'ls-aaaaaaaaaaaaaaaa']],
  [['release', 'ls-aaaaaaaaaaaaaaaa']],
  [['server', 'status']],
  [['server', 'stop']],
  [['register', '--no-spawn']],
])('%o without a server: 69, one line that says what to do, and none is started', async (args) => {
  await using user = await User.create();
  const { code, stdout, stderr } = await user.omnictl(args);
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toMatch(/^omnictl: no server answers on [^\n]+\n$/);
  expect(serversOf(user.folder)).toEqual([]);
});

test('may-kill says nothing at all with --quiet, and its exit code is still no yes', async () => {
  await using user = await User.create();
  const { code, stdout } = await user.omnictl(['may-kill', '--quiet', '1']);
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
});

test('doctor without a server tells what omnictl sees by itself', async () => {
  await using user = await User.create();
  const { code, stdout, stderr } = await user.omnictl(['doctor']);
  expect(code).toBe(69);
  expect(stdout).toContain(user.socket);
  expect(stdout).toContain('omnid.log');
  expect(stderr).toContain('no server answers');
  const report = JSON.parse((await user.omnictl(['doctor', '--json'])).stdout) as Readonly<Record<string, unknown>>;
  expectShape(ServerInfo.properties.facts, report['local']);
  expect(report['failure']).toContain('no server answers');
});

test('ten register at once, and no server yet: one server', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  await using sleeper = await startSleeper();
  const results = await Promise.all(Array.from({ length: 10 }, () => user.omnictl(['register', '--pid', String(sleeper.pid)])));
  expect(results.map(({ code, stderr }) => ({ code, failed: stderr.includes('omnid') && code !== 0 ? stderr : '' }))).toEqual(
    results.map(() => ({ code: 0, failed: '' })),
  );
  expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
  await until(() => serversOf(user.folder).length === 1);
  const leases = (await user.json(['list'])) as unknown[];
  expect(leases).toHaveLength(1);
});

test('a server that register starts is nobody’s child, in a session of its own, with a clean environment', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  await using sleeper = await startSleeper();
  const started = await user.omnictl(['register', '--pid', String(sleeper.pid)], {
    env: { OMNIMIND_LEASE: 'x', OMNIMIND_SCRIPT_PID: '1', LEAKED: 'x', LANG: 'C.UTF-8' },
  });
  expect(started).toMatchObject({ code: 0, stderr: `omnictl: started the per-user server on ${user.socket}\n` });
  const info = (await user.json(['server', 'status'])) as ServerInfo;
  expect(info).toMatchObject({ scope: 'user', socket: user.socket });
  const environment = (await readFile(`/proc/${String(info.pid)}/environ`, 'utf8')).split('\0');
  expect(environment.filter((entry) => /^(LEAKED|OMNIMIND_LEASE|OMNIMIND_SCRIPT_PID|OMNIMIND_SOCKET)=/.test(entry))).toEqual(
    [],
  );
  expect(environment).toContain('LANG=C.UTF-8');
  const [, session] = sessionOf(await readFile(`/proc/${String(info.pid)}/stat`, 'latin1'));
  const [, own] = sessionOf(await readFile('/proc/self/stat', 'latin1'));
  expect(session).not.toBe(own);
  expect(parentOf(info.pid)).not.toBe(process.pid);
  const log = user.folder.file('xdg-state/omnimind');
  const { stdout: mode } = spawnSync('find', [log, '-name', 'omnid.log', '-perm', '600'], { encoding: 'utf8' });
  expect(mode).toContain('logs/omnid.log');
});

/** Process group and session, by stat(5). */
function sessionOf(text: string): readonly [string, string] {
  const [, , group = '', session = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return [group, session];
}

test('an explicit socket is served too, where the folder is one’s own', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  await using sleeper = await startSleeper();
  const socket = user.folder.file('mine.sock');
  const args = ['register', '--pid', String(sleeper.pid), '--socket', socket];
  expect(await user.omnictl(args)).toMatchObject({ code: 0 });
  expect(await user.omnictl(['status', '--socket', socket])).toMatchObject({ code: 0 });
  expect(await user.omnictl(['status'])).toMatchObject({ code: 69 });
});

test('an explicit socket in a folder where others may write is not', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  await mkdir(user.folder.file('open'));
  await chmod(user.folder.file('open'), 0o777);
  const args = ['register', '--pid', String(process.pid)];
  for (const socket of [user.folder.file('open/s.sock'), user.folder.file('none/s.sock'), '/run/omnimind/omnid.sock']) {
    const { code, stderr } = await user.omnictl(args, { env: { OMNIMIND_SOCKET: socket } });
    expect(code).toBe(69);
    expect(stderr).toContain('none is started there');
  }
  expect(serversOf(user.folder)).toEqual([]);
});

test('a confined process starts no server', async () => {
  await using user = await User.create();
  const { code, stderr } = await user.omnictl(['register'], { prefix: ['setpriv', '--no-new-privs'] });
  expect(code).toBe(69);
  expect(stderr).toContain('no_new_privs');
  expect(stderr).toContain('start omnid by hand');
  expect(serversOf(user.folder)).toEqual([]);
});

test('a process in another PID namespace starts no server', async ({ skip }) => {
  const prefix = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  if (spawnSync(prefix[0] ?? '', [...prefix.slice(1), 'true']).status !== 0)
    skip('no right to make a PID namespace here: not tested');
  await using user = await User.create();
  const { code, stderr } = await user.omnictl(['register', '--pid', '1'], { prefix });
  expect(code).toBe(69);
  expect(stderr).toContain('PID namespace');
  expect(serversOf(user.folder)).toEqual([]);
});

test('a server that cannot start is told of with its log’s last line', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  const folder = user.folder.file('xdg-config/omnimind');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/omnid.toml`, 'frobnicate = 1\n');
  const { code, stderr } = await user.omnictl(['register', '--pid', String(process.pid)]);
  expect(code).toBe(69);
  expect(stderr).toMatch(/frobnicate.*omnid\.log\n$/);
});

test('server stop ends it, once; its leases outlive a restart', async (context) => {
  skipWhereNoneIsStarted(context);
  await using user = await User.create();
  await using sleeper = await startSleeper();
  const id = (await user.omnictl(['register', '--pid', String(sleeper.pid)])).stdout.trim();
  const before = (await user.json(['server', 'status'])) as ServerInfo;
  const ticks = startTicksOf(before.pid);
  const restarted = await user.json(['server', 'restart']);
  expectShape(ServerInfo, restarted);
  expect(runs(before.pid, ticks)).toBe(false);
  expect((await user.omnictl(['list'])).stdout).toContain(id);
  const stopped = await user.omnictl(['server', 'stop']);
  expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped omnid') as string });
  expect(serversOf(user.folder)).toEqual([]);
  expect(await user.omnictl(['server', 'stop'])).toMatchObject({ code: 69 });
  expect(await user.omnictl(['server', 'restart', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(serversOf(user.folder)).toHaveLength(1);
});

test('a system server is not stopped by a user, and a socket of another’s is not talked to', async ({ skip }) => {
  if (process.geteuid?.() !== 0) skip('not root: rights of another uid were not tested');
  await using user = await User.create();
  await chmod(user.folder.path, 0o755);
  const { folder } = user;
  await using server = await Omnid.start({ folder, scope: 'system' });
  await chmod(folder.file('run'), 0o755);
  const asOther = { prefix: ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'] };
  const { code, stderr } = await user.omnictl(['server', 'stop', '--socket', server.socket], asOther);
  expect(stderr).toContain('not yours to stop');
  expect(code).toBe(77);
  expect(runs(server.pid)).toBe(true);
});

test('the server that a test holds is stopped by SIGTERM, and answers first', async () => {
  await using user = await User.create();
  await using server = await withServer(user);
  expect(await user.omnictl(['server', 'stop'])).toMatchObject({ code: 0 });
  expect(await server.ended).toMatchObject({ code: 0 });
  await expect(stat(user.socket)).rejects.toThrow('ENOENT');
});
