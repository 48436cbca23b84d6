import { hash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { Omnid as Server } from '#test/support/server/omnid.ts';
import { killMember, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { User, withServer, type Running } from './support/omnictl.ts';

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

test('oom_score_adj is raised where that is asked for, in the whole tree', async () => {
  const script = 'cat /proc/$$/oom_score_adj; sh -c "cat /proc/self/oom_score_adj"';
  const { stdout } = await user.omnictl(['run', '--oom-score-adj', '500', '--', 'sh', '-c', script]);
  expect(stdout).toBe('500\n500\n');
});

test('by default it is lowered where it may be, and without a word where not; where it was asked for that is told', async () => {
  const own = readFileSync('/proc/self/oom_score_adj', 'latin1').trim();
  const show = ['--quiet', '--', 'cat', '/proc/self/oom_score_adj'];
  const { stdout, stderr } = await user.omnictl(['run', ...show]);
  expect(stderr).toBe('');
  const lowered = stdout.trim() === '-250';
  expect(stdout.trim()).toBe(lowered ? '-250' : own);
  const asked = await user.omnictl(['run', '--oom-score-adj', '-250', '--', 'cat', '/proc/self/oom_score_adj']);
  if (lowered) expect(asked).toMatchObject({ stdout: '-250\n' });
  else
    expect(asked).toMatchObject({
      stdout: `${own}\n`,
      stderr: expect.stringMatching(/keeps its caller's oom_score_adj: EACCES/),
    });
});

test('the I/O priority follows nice, or is what was asked for', async ({ skip }) => {
  if (spawnSync('ionice', ['--version']).error !== undefined) skip('ionice(1) is not installed: nothing tells I/O priorities');
  const show = async (...options: readonly string[]): Promise<string> =>
    (await user.omnictl(['run', ...options, '--', 'ionice'])).stdout;
  expect(await show('--io-priority', 'idle')).toBe('idle\n');
  expect(await show('--io-priority', '3')).toBe('best-effort: prio 3\n');
  expect(await user.omnictl(['run', '--io-priority', '8', '--', 'true'])).toMatchObject({ code: 2 });
});

/** Where version 2 of cgroups is mounted; the folder that groups of commands come into, where this test is. */
function cgroupParent(): string | undefined {
  const mount = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1];
  return mount === undefined || own === undefined ? undefined : join(mount, own === '/' ? own : dirname(own));
}

function whyNoCgroup(): string | undefined {
  const parent = cgroupParent();
  if (parent === undefined) return 'no cgroup v2 is mounted here';
  try {
    accessSync(parent, constants.W_OK);
    return undefined;
  } catch {
    return `${parent} is not ours to write to`;
  }
}

test('it has a cgroup of its own where one may be made, until the last of it has ended', async ({ skip }) => {
  const reason = whyNoCgroup();
  if (reason !== undefined) skip(`no cgroup to be had: ${reason}`);
  const show = 'cat /proc/self/cgroup; sleep 1000 > /dev/null 2>&1 & echo "$$ $! $OMNIMIND_LEASE"';
  const { stdout } = await user.omnictl(['run', '--', 'sh', '-c', show]);
  const [, pid = '', left = '', marker = ''] = /^(\d+) (\d+) (\S+)$/m.exec(stdout) ?? [];
  // By the digest the server knows whose it is.
  const name = `omnimind-run-${pid}-${hash('sha256', marker, 'base64url')}`;
  const folder = join(cgroupParent() ?? '', name);
  expect(stdout).toContain(`/${name}\n`);
  try {
    expect(readFileSync(join(folder, 'cgroup.procs'), 'latin1').trim()).toBe(left);
  } finally {
    killMember(Number(left), startTicksOf(Number(left)));
  }
  await until(() => !existsSync(`/proc/${left}`));
  // The next one finds it, and removes it; its own it removes itself.
  const next = await user.omnictl(['run', '--', 'cat', '/proc/self/cgroup']);
  expect(existsSync(folder)).toBe(false);
  expect(existsSync(join(cgroupParent() ?? '', /omnimind-run-.*$/m.exec(next.stdout)?.[0] ?? '.'))).toBe(false);
});

test('a limit that cannot be had is told of, and the command runs', async () => {
  const limits = ['--memory-high', '1G', '--cpu-weight', '50'];
  const { code, stdout, stderr } = await user.omnictl(['run', ...limits, '--', 'echo', 'ran']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'ran\n' });
  const parent = cgroupParent();
  const has = parent !== undefined && /\bmemory\b/.test(readFileSync(join(parent, 'cgroup.controllers'), 'latin1'));
  if (!has)
    expect(stderr).toMatch(/omnictl: runs without (a limit: memory\.high: |a cgroup of its own, and without its limits: )/);
  expect(await user.omnictl(['run', '--memory-high', 'much', '--', 'true'])).toMatchObject({ code: 2 });
  expect(await user.omnictl(['run', '--cpu-weight', '0', '--', 'true'])).toMatchObject({ code: 2 });
});

test('the mode is exported; without --mode the command has its caller’s', async () => {
  const show = ['--', 'sh', '-c', 'echo "$OMNIMIND_RESOURCE_PROTECTOR_MODE/$OMNIMIND_ATTEMPT"'];
  const env = { OMNIMIND_RESOURCE_PROTECTOR_MODE: 'prod' };
  expect((await user.omnictl(['run', '--mode', 'test', ...show], { env })).stdout).toBe('test/1\n');
  expect((await user.omnictl(['run', ...show], { env })).stdout).toBe('prod/1\n');
  expect((await user.omnictl(['run', ...show])).stdout).toBe('/1\n');
  expect(await user.omnictl(['run', '--mode', 'fast', '--', 'true'])).toMatchObject({ code: 2 });
});

test('--guard is asked for; where there is none, it is protected without, or with --require not run', async () => {
  const { code, stdout, stderr } = await user.omnictl(['run', '--guard', '--quiet', '--', 'echo', 'ran']);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'ran\n', stderr: '' });
  const told = await user.omnictl(['run', '--guard', '--', 'sh', '-c', 'echo "$OMNIMIND_LEASE"']);
  const hasGuard = !told.stderr.includes('is protected without the guard');
  expect(told.stdout).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  const required = await user.omnictl(['run', '--guard', '--require', '--', 'echo', 'ran']);
  expect(required).toMatchObject(hasGuard ? { code: 0 } : { code: 1, stdout: '' });
});

/** Says its attempt and its pid, then waits; what follows the pid is what it does once it may go on. */
function job(...options: readonly string[]): Running {
  const script = 'echo "attempt $OMNIMIND_ATTEMPT $$"; [ "$OMNIMIND_ATTEMPT" = 2 ] && exit 5; exec sleep 1000';
  return user.start(['run', '--label', 'job', ...options, '--', 'sh', '-c', script]);
}

async function pidOf(running: Running): Promise<number> {
  return await until(() => Number(/^attempt 1 (\d+)$/m.exec(running.stdout())?.[1] ?? 0) || undefined);
}

test('a foreign SIGKILL starts it again, as often as was said, with the attempt in its environment', async () => {
  await using running = job('--retry-on-kill', '3');
  const pid = await pidOf(running);
  killMember(pid, startTicksOf(pid));
  const { code, stdout, stderr } = await running.result;
  expect(code).toBe(5);
  expect(stdout).toMatch(/^attempt 1 \d+\nattempt 2 \d+\n$/);
  expect(stderr).toContain('was killed by SIGKILL');
  expect(stderr).toContain('starts it again: attempt 2 of at most 4');
});

test('no more often than that, and never without the option', async () => {
  const always = ['sh', '-c', 'echo "$OMNIMIND_ATTEMPT"; kill -9 $$'];
  expect(await user.omnictl(['run', '--retry-on-kill', '2', '--', ...always])).toMatchObject({
    code: 137,
    stdout: '1\n2\n3\n',
  });
  expect(await user.omnictl(['run', '--', ...always])).toMatchObject({ code: 137, stdout: '1\n' });
});

test.each(['TERM', 'SEGV'])('an end by SIG%s starts nothing again', async (signal) => {
  const script = `echo "$OMNIMIND_ATTEMPT"; ulimit -c 0; kill -${signal} $$`;
  expect((await user.omnictl(['run', '--retry-on-kill', '2', '--', 'sh', '-c', script])).stdout).toBe('1\n');
});

test('nor does exit(137), which is no SIGKILL', async () => {
  const script = 'echo "$OMNIMIND_ATTEMPT"; exit 137';
  const { code, stdout } = await user.omnictl(['run', '--retry-on-kill', '2', '--', 'sh', '-c', script]);
  expect({ code, stdout }).toEqual({ code: 137, stdout: '1\n' });
});

test('nor a kill that its owner asked for through the server', async () => {
  await using running = job('--retry-on-kill', '3');
  const pid = await pidOf(running);
  await user.omnictl(['kill', String(pid), '--signal', 'KILL', '--override']);
  expect(await running.result).toMatchObject({ code: 137, stdout: `attempt 1 ${String(pid)}\n` });
});

test('nor one after the wrapper was told to end', async () => {
  const script = 'trap "" TERM; echo "attempt $OMNIMIND_ATTEMPT $$"; exec sleep 1000';
  await using running = user.start(['run', '--retry-on-kill', '3', '--', 'sh', '-c', script]);
  const pid = await pidOf(running);
  running.child.kill('SIGTERM');
  // It has arrived; the death of its child comes after it.
  await until(() => /^ShdPnd:\s+0+$/m.test(readFileSync(`/proc/${String(running.child.pid)}/status`, 'latin1')));
  killMember(pid, startTicksOf(pid));
  expect(await running.result).toMatchObject({ code: 137, stdout: `attempt 1 ${String(pid)}\n` });
});

async function whyNoSentinel(): Promise<string | undefined> {
  try {
    await Sentinel.open({ guard: false }).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('where the sentinel sees that it killed itself, it is not started again', async ({ skip }) => {
  const reason = await whyNoSentinel();
  if (reason !== undefined) skip(`no sentinel: ${reason}`);
  await using seeing = await User.create();
  await using _server = await Server.start({ folder: seeing.folder, config: '[sentinel]\nenabled = true\n' });
  const env = { OMNIMIND_SOCKET: seeing.folder.file('run/omnid.sock') };
  const self = await seeing.omnictl(['run', '--retry-on-kill', '2', '--', 'sh', '-c', 'echo "$OMNIMIND_ATTEMPT"; kill -9 $$'], {
    env,
  });
  expect(self).toMatchObject({ code: 137, stdout: '1\n' });
  const child = await seeing.omnictl(
    ['run', '--retry-on-kill', '2', '--', 'sh', '-c', 'echo "$OMNIMIND_ATTEMPT"; /bin/kill -9 $$; :'],
    { env },
  );
  expect(child).toMatchObject({ code: 137, stdout: '1\n' });
});
