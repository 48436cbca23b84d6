import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lease } from '#protocol/lease.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { noPid, parentOf, runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { serversOf } from './support/end-servers.ts';
import { skipWhereNoneIsStarted } from './support/may-start.ts';
import { omnictlProgram, User, withServer, type Running, type RunOptions } from './support/omnictl.ts';

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

/** The command asks the server about itself by an omnictl of its own. */
const omnictl = `"${process.execPath}" "${omnictlProgram}"`;

test('the lease is there before the first instruction, with the command’s own pid', async () => {
  const script = `echo $$ "$OMNIMIND_SCRIPT_PID" "$OMNIMIND_DEV_SCRIPT_MODE" "$OMNIMIND_LEASE"; ${omnictl} list --json`;
  const { code, stdout, stderr } = await user.omnictl([
    'run',
    '--label',
    'cycles',
    '--reason',
    'why',
    '--',
    'sh',
    '-c',
    script,
  ]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^omnictl: the log is .*\n$/);
  const [words = '', json = ''] = stdout.split('\n');
  const [pid, scriptPid, mode, marker] = words.split(' ');
  expect(scriptPid).toBe(pid);
  expect(mode).toBe('true');
  expect(marker).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const leases = JSON.parse(json) as readonly Lease[];
  expect(leases.find((lease) => lease.identity.pid === Number(pid))).toMatchObject({
    label: 'cycles',
    reason: 'why',
    renewal: 'process',
    scope: 'tree',
    rootAlive: true,
  });
});

test('the secret marker is told to nobody', async () => {
  const { stdout } = await user.omnictl(['run', '--', 'sh', '-c', 'echo "$OMNIMIND_LEASE"']);
  const marker = stdout.trim();
  for (const args of [
    ['list', '--all', '--json'],
    ['history', '--json'],
    ['status', '--json'],
  ]) {
    expect((await user.omnictl(args)).stdout).not.toContain(marker);
  }
});

test('the lease ends with the command, and goes on for what the command leaves running', async () => {
  const alone = (await user.omnictl(['run', '--label', 'alone', '--', 'true'])).code;
  expect(alone).toBe(0);
  await until(async () => !(await user.omnictl(['list'])).stdout.includes('alone'));
  const { stdout } = await user.omnictl([
    'run',
    '--label',
    'leaves',
    '--',
    'sh',
    '-c',
    'sleep 1000 > /dev/null 2>&1 & echo $!',
  ]);
  const left = Number(stdout);
  try {
    expect((await user.omnictl(['list'])).stdout).toContain('leaves');
    expect(await user.omnictl(['may-kill', String(left)])).toMatchObject({ code: 1 });
  } finally {
    process.kill(left, 'SIGKILL');
  }
});

test.each([
  [['true'], 0],
  [['false'], 1],
  [['sh', '-c', 'exit 7'], 7],
  [['sh', '-c', 'exit 137'], 137],
  [['/nowhere/command'], 127],
  [['no-such-command-anywhere'], 127],
  [['/etc/passwd'], 126],
])('run %o ends with %i', async (command, expected) => {
  const { code, stderr } = await user.omnictl(['run', '--', ...command]);
  expect(code).toBe(expected);
  const failed = /^sh: .*(not found|Permission denied)\nomnictl: the log is .*\.log\.err\n$/;
  const explained = expected === 137 ? /^omnictl: sh \(pid \d+\) exited with code 137 by itself[^]*\n {2}ended / : /^$/;
  expect(stderr).toMatch(expected > 125 && expected < 128 ? failed : explained);
});

test.each([
  ['KILL', 137],
  ['TERM', 143],
  ['INT', 130],
])('a command that SIG%s ends is told of', async (name, expected) => {
  const { code, stderr } = await user.omnictl(['run', '--label', 'job', '--', 'sh', '-c', `kill -${name} $$`]);
  expect(code).toBe(expected);
  expect(stderr).toMatch(
    new RegExp(`^omnictl: job \\(pid \\d+\\) was (killed|ended) by SIG${name}; who sent it is not recorded\\.\n  ended `),
  );
});

/** Starts a command that waits, and waits until it runs. */
async function startWaiting(
  args: readonly string[],
  script: string,
  options: RunOptions = {},
): Promise<{ running: Running; pid: number }> {
  const running = user.start(['run', ...args, '--', 'sh', '-c', `echo $$; ${script}`], options);
  await until(() => running.stdout().includes('\n'));
  return { running, pid: Number(running.stdout().split('\n')[0]) };
}

test('a death through the server names who asked for it, and why', async () => {
  const { running, pid } = await startWaiting(['--label', 'job'], 'exec sleep 1000');
  const kill = await user.omnictl(['kill', String(pid), '--override', '--reason', 'memory is short']);
  expect(kill).toMatchObject({ code: 0 });
  const { code, stderr } = await running.result;
  expect(code).toBe(143);
  expect(stderr).toMatch(
    /^omnictl: job \(pid \d+\) was ended by SIGTERM through the server, for omnictl \(pid \d+\).*"memory is short"\.\n[^]*\nomnictl: the log is .*\n$/,
  );
});

test.each(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGINT', 'SIGQUIT', 'SIGWINCH'] as const)(
  '%s is passed on; the command decides',
  async (signal) => {
    const trap = `trap 'echo got; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.01; done`;
    const { running } = await startWaiting([], trap);
    await until(() => running.stdout().includes('ready'));
    running.child.kill(signal);
    const { code, stdout } = await running.result;
    expect(stdout).toContain('got');
    expect(code).toBe(3);
  },
);

test('the command goes on where omnictl is killed, and never begins where omnictl dies before', async () => {
  const { running, pid } = await startWaiting([], 'exec sleep 1000');
  running.child.kill('SIGKILL');
  await until(() => running.child.signalCode !== null);
  expect(runs(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
  await running.result;
});

test('stdin, arguments and the environment are the command’s own', async () => {
  const piped = user.start(['run', '--', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  piped.child.stdin?.end('through');
  expect(await piped.result).toMatchObject({ code: 0, stdout: 'through' });
  const { stdout } = await user.omnictl(['run', 'printf', '%s|', 'a b', '', '--json', '$HOME']);
  expect(stdout).toBe('a b||--json|$HOME|');
  const env = { KEPT: 'x y', OMNIMIND_IGNORED_SIGNALS: '0', _: 'kept too' };
  const { stdout: shown } = await user.omnictl(['run', '--', '/usr/bin/env', '-0'], { env });
  const names = shown.split('\0').map((entry) => entry.split('=')[0]);
  const expected = [
    ...Object.keys(user.env),
    'KEPT',
    '_',
    'OMNIMIND_LEASE',
    'OMNIMIND_DEV_SCRIPT_MODE',
    'OMNIMIND_SCRIPT_PID',
    'OMNIMIND_ATTEMPT',
  ];
  // A shell stands in between, and says where it is.
  expect(new Set(names.filter((name) => name !== '' && name !== 'PWD'))).toEqual(new Set(expected));
});

test('nice is 10 unless told otherwise, and never above the caller’s', async () => {
  const nice = async (args: readonly string[], options: RunOptions = {}): Promise<string> =>
    (await user.omnictl(['run', ...args, '--', 'nice'], options)).stdout.trim();
  expect(await nice([])).toBe('10');
  expect(await nice(['--nice', '3'])).toBe('3');
  expect(await nice([], { prefix: ['nice', '-n', '15'] })).toBe('15');
});

test('what its starter wanted ignored stays ignored', async () => {
  const script = 'kill -HUP $$; echo lives';
  expect(
    await user.omnictl(['run', '--', 'sh', '-c', script], { env: { OMNIMIND_IGNORED_SIGNALS: '0000000000000001' } }),
  ).toMatchObject({
    code: 0,
    stdout: 'lives\n',
  });
  expect(await user.omnictl(['run', '--', 'sh', '-c', script])).toMatchObject({ code: 129 });
});

test('a lease inside a lease keeps its parent, and its own marker', async () => {
  const inner = `echo "$OMNIMIND_LEASE"; ${omnictl} list --json`;
  const outer = `echo "$OMNIMIND_LEASE"; ${omnictl} run --label inner -- sh -c '${inner.replaceAll("'", `'\\''`)}'`;
  const { stdout } = await user.omnictl(['run', '--label', 'outer', '--', 'sh', '-c', outer]);
  const [outerMarker, innerMarker, json = ''] = stdout.split('\n');
  expect(innerMarker).not.toBe(outerMarker);
  const leases = JSON.parse(json) as readonly Lease[];
  const parent = leases.find((lease) => lease.label === 'outer');
  expect(leases.find((lease) => lease.label === 'inner')?.parentLeaseId).toBe(parent?.id);
});

test('without a server to be had it warns and runs; with --require it does not', async () => {
  await using stranger = await User.create();
  const alone = await stranger.omnictl(['run', '--no-spawn', '--', 'sh', '-c', 'echo ran; exit 4'], {
    env: { OMNIMIND_LEASE: 'around' },
  });
  expect(alone).toMatchObject({ code: 4, stdout: 'ran\n' });
  expect(alone.stderr).toMatch(/^omnictl: runs unprotected: no server answers/);
  const required = await stranger.omnictl(['run', '--no-spawn', '--require', '--', 'echo', 'ran']);
  expect(required).toMatchObject({ code: 69, stdout: '' });
  expect(required.stderr).toMatch(/^omnictl: not run: no server answers/);
  expect(required.stderr).not.toContain('the log is');
  const kept = await stranger.omnictl(['run', '--no-spawn', '--quiet', '--', 'sh', '-c', 'echo "$OMNIMIND_LEASE"'], {
    env: { OMNIMIND_LEASE: 'around' },
  });
  expect(kept).toMatchObject({ code: 0, stdout: 'around\n', stderr: '' });
});

test('run starts the server where there is none', async (context) => {
  skipWhereNoneIsStarted(context);
  await using stranger = await User.create();
  const { code, stdout } = await stranger.omnictl(['run', '--require', '--', 'sh', '-c', `${omnictl} list --json`]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(1);
  const [pid = noPid] = serversOf(stranger.folder);
  expect(runs(pid)).toBe(true);
  expect(parentOf(pid)).not.toBe(process.pid);
});

test('a Ctrl-C of the terminal reaches the command once', async ({ skip }) => {
  if (spawnSync('script', ['--version']).error !== undefined) skip('script(1) is not installed: no terminal to type Ctrl-C at');
  const command =
    "process.on('SIGINT', () => console.log('got')); process.stdin.on('data', () => process.exit(5)); console.log('ready')";
  const words = [process.execPath, omnictlProgram, 'run', '--', process.execPath, '-e', command].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const terminal = user.startProgram(['script', '--quiet', '--return', '--command', `exec ${words.join(' ')}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await until(() => terminal.stdout().includes('ready'));
  terminal.child.stdin?.write('\u0003');
  await until(() => terminal.stdout().includes('got'));
  terminal.child.stdin?.write('end\n');
  const { code, stdout } = await terminal.result;
  expect(code).toBe(5);
  expect(stdout.match(/got/g)).toHaveLength(1);
});
