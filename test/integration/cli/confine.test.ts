import { copyFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { adopt, startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { skipWhereNotConfined, skipWithoutPython, withoutLandlock } from '#test/support/landlock.ts';
import { serversOf } from './support/end-servers.ts';
import { omnictlProgram, User, withServer } from './support/omnictl.ts';

let user: User;
let server: Omnid;

beforeAll(async () => {
  user = await User.create();
  server = await withServer(user);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

const killer = fileURLToPath(new URL('support/killer.py', import.meta.url));

/** A program that nobody else on the machine runs, and a process of it: what `pkill NAME` finds is the test's own. */
async function startNamed(): Promise<{ readonly program: string; readonly target: TestProcess }> {
  const program = user.folder.file(`t${randomBytes(5).toString('hex')}`);
  await copyFile('/bin/cat', program);
  const target = adopt(spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] }));
  target.say('ready\n');
  await target.line();
  return { program, target };
}

const ends = (target: TestProcess): boolean => target.child.exitCode !== null || target.child.signalCode !== null;

test('without it the killer kills: what is tested below is confine’s doing', async (context) => {
  skipWithoutPython(context);
  const { program, target } = await startNamed();
  await using _target = target;
  const { stdout } = await user.startProgram(['python3', killer, String(target.pid), program]).result;
  expect(JSON.parse(stdout)).toMatchObject({ 'os.kill': 'sent', child: -9 });
  await target.ended;
});

beforeEach((context) => {
  if (!context.task.name.startsWith('below')) skipWhereNotConfined(context);
});

test('a Python killer gets EPERM for everything outside itself, and still ends its own children', async (context) => {
  skipWithoutPython(context);
  const { program, target } = await startNamed();
  await using _target = target;
  const { code, stdout } = await user.omnictl(['confine', '--', 'python3', killer, String(target.pid), program]);
  expect(code).toBe(0);
  // pkill found its child: it says that it killed something.
  const refused = { 'os.kill': 'PermissionError', pidfd: 'PermissionError', pkill: 0, 'kill(1)': 1, child: -9 };
  expect(JSON.parse(stdout)).toEqual(refused);
  expect(ends(target)).toBe(false);
});

test('it needs no privilege', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('without root every other test shows it');
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const target = adopt(spawn('setpriv', [...nobody.slice(1), 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  await using _target = target;
  target.say('ready\n');
  await target.line();
  const words = ['confine', '--', 'sh', '-c', `kill -9 ${String(target.pid)}`];
  const { code, stderr } = await user.omnictl(words, { prefix: nobody, cwd: '/' });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('not permitted') as string });
  expect(ends(target)).toBe(false);
});

test('what --ask prints for Python kills through the server, from inside', async (context) => {
  skipWithoutPython(context);
  await using free = await startSleeper();
  await using held = await startSleeper();
  await user.omnictl(['register', '--pid', String(held.pid)]);
  const { stdout: code } = await user.omnictl(['confine', '--ask', '--', 'python3', 'repair.py']);
  // omnictl is found on the PATH of who installed it.
  const found = code.replaceAll('"omnictl"', `"${process.execPath}", "${omnictlProgram}"`);
  const pids = `${String(free.pid)}, ${String(held.pid)}`;
  const script = `${found}\nprint([may_kill(pid) for pid in (${pids})], [kill(pid, "memory is short") for pid in (${pids})])`;
  const result = await user.omnictl(['confine', '--', 'python3', '-c', script]);
  expect(result.stdout).toBe('[True, False] [True, False]\n');
  expect([ends(free), ends(held)]).toEqual([true, false]);
  const { stdout } = await user.omnictl(['history', '--pid', String(free.pid), '--json']);
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ reason: 'memory is short', outcome: 'delivered' }));
});

test('--ask shows every language where the command shows none, and runs nothing', async () => {
  const { stdout } = await user.omnictl(['confine', '--ask']);
  expect(stdout.match(/^# (shell|Python|Node)$/gm)).toEqual(['# shell', '# Python', '# Node']);
  expect(Object.keys((await user.json(['confine', '--ask'])) as object)).toEqual(['shell', 'Python', 'Node']);
  const { stdout: shell } = await user.omnictl(['confine', '--ask', '--', '/usr/bin/bash', '-c', 'echo ran']);
  expect(shell.match(/^# \w+$/gm)).toEqual(['# shell']);
  expect(shell).not.toContain('ran');
});

test('no server is started from inside', async () => {
  await using stranger = await User.create();
  const script = `"${process.execPath}" "${omnictlProgram}" register --pid $$`;
  const { code, stderr } = await stranger.omnictl(['confine', '--', 'sh', '-c', script]);
  expect({ code, stderr }).toEqual({ code: 69, stderr: expect.stringContaining('confined (no_new_privs)') as string });
  expect(serversOf(stranger.folder)).toEqual([]);
});

test('it becomes the command: pid, stdin, arguments, environment and signals are the command’s own', async () => {
  const running = user.start(['confine', '--', 'sh', '-c', 'cat; echo $$ "$@"', 'sh', 'a b', '--json'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.child.stdin?.end('through\n');
  expect(await running.result).toMatchObject({ code: 0, stdout: `through\n${String(running.child.pid)} a b --json\n` });
  const env = { 'with.dots': 'kept', OMNIMIND_IGNORED_SIGNALS: '1' };
  const { stdout: shown } = await user.omnictl(['confine', '--', 'env', '-0'], { env });
  const names = shown.split('\0').map((entry) => entry.split('=')[0]);
  expect(new Set(names.filter((name) => name !== ''))).toEqual(new Set([...Object.keys(user.env), 'with.dots']));
  const ignored = async (more: Readonly<Record<string, string>>): Promise<string> => {
    const { stdout } = await user.omnictl(['confine', '--', 'grep', 'SigIgn', '/proc/self/status'], { env: more });
    return stdout.split('\t')[1]?.trim() ?? '';
  };
  expect(await ignored({})).toBe('0000000000000000');
  expect(await ignored(env)).toBe('0000000000000001');
});

test.each([
  [['true'], 0],
  [['sh', '-c', 'exit 7'], 7],
  [['no-such-command-anywhere'], 127],
  [['/etc/passwd'], 126],
])('confine %o ends with %i', async (command, expected) => {
  expect((await user.omnictl(['confine', '--', ...command])).code).toBe(expected);
});

test('a signal ends it as it ends the command', async () => {
  expect(await user.omnictl(['confine', '--', 'sh', '-c', 'kill -TERM $$'])).toMatchObject({ code: null, signal: 'SIGTERM' });
});

test('below ABI 6 nothing is run, and what it takes is said', async (context) => {
  skipWithoutPython(context);
  const words = ['confine', '--', 'sh', '-c', 'echo ran'];
  const { code, stdout, stderr } = await user.omnictl(words, { prefix: withoutLandlock('none') });
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
  expect(stderr).toMatch(
    /^omnictl: not run: signals cannot be confined here: this kernel has no Landlock; it needs Linux 6\.12/,
  );
});

test('below ABI 6 a server does not stand on the rung', async (context) => {
  skipWithoutPython(context);
  await using other = await User.create();
  await using _server = await withServer(other, { prefix: withoutLandlock('none') });
  const { stdout } = await other.omnictl(['doctor']);
  expect(stdout).toMatch(/^ {2}no {3}confine: .*no Landlock\n +to change: Linux 6\.12/m);
});

test('the server stands on the rung', async () => {
  expect((await user.omnictl(['doctor'])).stdout).toMatch(/^ {2}ok {3}confine: /m);
});

test.each([
  [['confine'], 'confine takes a command'],
  [['confine', '--', 'a=b'], "holds a '='"],
])('%o is a mistake in the command line', async (words, expected) => {
  expect(await user.omnictl(words)).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) as string });
});
