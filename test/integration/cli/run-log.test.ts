import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SignalEvent } from '#protocol/history.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { User, withServer } from './support/omnictl.ts';

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

/** Both streams of omnictl to one place, as a shell's `2>&1` has it. */
const toOnePlace = ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh'];

/** The path that omnictl told at the end. */
function logOf(told: string): string {
  const path = /omnictl: the log is (.*)$/m.exec(told)?.[1];
  if (path === undefined) throw new Error(`no log was told: ${told}`);
  return path;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

test('the log has both streams in their order, byte for byte, and its path is told at the end', async () => {
  const script = 'for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf "no line end"';
  const { stdout } = await user.omnictl(['run', '--label', 'a b/c', '--', 'sh', '-c', script], { prefix: toOnePlace });
  const expected = 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nno line end';
  const path = logOf(stdout);
  expect(stdout).toBe(`${expected}omnictl: the log is ${path}\n`);
  expect(read(path)).toBe(expected);
  expect(path).toMatch(/\/omnimind\/[0-9a-f]{32}\/logs\/runs\/a_b_c-\d{8}T\d{6}Z-\d+\.log$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('streams that go to two places stay apart, in two files', async () => {
  const log = user.folder.file('apart.log');
  const { stdout, stderr } = await user.omnictl(['run', '--log', log, '--', 'sh', '-c', 'echo out; echo err >&2']);
  expect(stdout).toBe('out\n');
  expect(stderr).toBe(`err\nomnictl: the log is ${log} and ${log}.err\n`);
  expect([read(log), read(`${log}.err`)]).toEqual(['out\n', 'err\n']);
});

test('--log appends to what is there, and shows none of that', async () => {
  const log = user.folder.file('appended.log');
  await writeFile(log, 'before\n');
  const { stdout } = await user.omnictl(['run', '--log', 'appended.log', '--', 'echo', 'after']);
  expect(stdout).toBe('after\n');
  expect(read(log)).toBe('before\nafter\n');
});

test('everything is shown while the command runs', async () => {
  await using running = user.start(['run', '--', 'sh', '-c', 'echo first; read line; echo "$line"'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await until(() => running.stdout() === 'first\n');
  running.child.stdin?.end('second\n');
  expect(await running.result).toMatchObject({ code: 0, stdout: 'first\nsecond\n' });
});

test('binary output, and a lot of it, arrives whole', async () => {
  const log = user.folder.file('binary.log');
  const out = user.folder.file('binary.out');
  const digest =
    'import("node:crypto").then(({hash}) => console.log(hash("sha256", require("fs").readFileSync(process.argv[1]))))';
  const script = 'exec "$0" "$@" > "$OUT"';
  const { code } = await user.omnictl(
    ['run', '--log', log, '--', 'sh', '-c', 'head -c 30000000 /dev/urandom; head -c 3000001 /dev/zero'],
    { prefix: ['/bin/sh', '-c', script], env: { OUT: out } },
  );
  expect(code).toBe(0);
  const [one, other] = [log, out].map((path) => spawnSync(process.execPath, ['-e', digest, path], { encoding: 'utf8' }).stdout);
  expect(statSync(out).size).toBe(33_000_001);
  expect(one).toBe(other);
});

test('a command that writes fast is looked at now and then, not at each of its writes', async () => {
  const writes = 300_000;
  const started = performance.now();
  const script = `dd if=/dev/zero bs=1 count=${String(writes)} 2>/dev/null; read line`;
  await using running = user.start(['run', '--', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  await until(() => running.stdout().length === writes);
  // One look in 8 ms, as long as it may have taken: it writes what there is, and twice its thread pool tells the loop. And what
  // the start writes.
  const writesMax = (3 * (performance.now() - started)) / 8 + 200;
  const written = Number(/^syscw: (\d+)$/m.exec(read(`/proc/${String(running.child.pid)}/io`))?.[1]);
  expect(written).toBeLessThan(writesMax);
  running.child.stdin?.end('\n');
  expect(await running.result).toMatchObject({ code: 0 });
});

test('a SIGKILL of the command loses nothing that it wrote', async () => {
  const script = 'i=0; while [ $i -lt 5000 ]; do echo "line $i"; i=$((i+1)); done; kill -9 $$';
  const { code, stdout, stderr } = await user.omnictl(['run', '--', 'sh', '-c', script]);
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${String(index)}\n`).join('');
  expect(code).toBe(137);
  expect(stdout).toBe(lines);
  expect(read(logOf(stderr))).toBe(lines);
  // The death is told after all that came before it.
  expect(stderr).toContain('was killed by SIGKILL');
  expect(stderr.indexOf('was killed by SIGKILL')).toBeLessThan(stderr.indexOf('the log is'));
});

test('a SIGKILL of the wrapper loses nothing, leaves the command protected, and its end is in the history', async () => {
  const log = user.folder.file('orphan.log');
  const stop = user.folder.file('stop');
  const script = `echo $$; i=0; while [ ! -e '${stop}' ]; do echo "line $i"; i=$((i+1)); done; echo end`;
  await using running = user.start(['run', '--log', log, '--', 'sh', '-c', script]);
  await until(() => running.stdout().includes('line 100\n'));
  const pid = Number(running.stdout().split('\n')[0]);
  const startTicks = startTicksOf(pid);
  running.child.kill('SIGKILL');
  await until(() => running.child.signalCode !== null);
  const atDeath = statSync(log).size;
  await until(() => statSync(log).size > atDeath);
  expect(runs(pid, startTicks)).toBe(true);
  expect(await user.omnictl(['may-kill', String(pid)])).toMatchObject({ code: 1 });
  const leases = (await user.json(['list'])) as { readonly id: string; readonly identity: { readonly pid: number } }[];
  const lease = leases.find(({ identity }) => identity.pid === pid);
  expect(lease).toMatchObject({ state: 'active', rootAlive: true });
  await writeFile(stop, '');
  await until(() => !runs(pid, startTicks));
  const [, ...lines] = read(log).trimEnd().split('\n');
  expect(lines.at(-1)).toBe('end');
  expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, index) => `line ${String(index)}`));
  const rows = await until(async () => {
    const { stdout } = await user.omnictl(['history', '--lease', lease?.id ?? '', '--source', 'lease', '--format', 'json']);
    const events = JSON.parse(stdout) as readonly SignalEvent[];
    return events.length === 3 && events;
  });
  expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['exited', 'granted', 'orphaned']);
});

test('a reader that does not read holds up neither the command nor signals', async () => {
  const done = user.folder.file('done');
  const log = user.folder.file('unread.log');
  const script = `trap 'exit 3' TERM; head -c 4000000 /dev/zero; : > '${done}'; while :; do sleep 0.01; done`;
  // Nobody reads: the pipe of the shell is full after 64 KiB.
  await using shell = user.startProgram(
    [
      '/bin/sh',
      '-c',
      '"$@" | { read nothing < "$FIFO"; cat; }',
      'sh',
      ...user.command(['run', '--log', log, '--', 'sh', '-c', script]),
    ],
    { env: { FIFO: await makeFifo('hold') } },
  );
  await until(() => existsSync(done));
  expect(statSync(log).size).toBe(4_000_000);
  await writeFile(user.folder.file('hold'), 'go\n');
  const { stdout } = await user.omnictl(['list', '--json']);
  const root = (JSON.parse(stdout) as { readonly label: string; readonly identity: { readonly pid: number } }[]).find(
    ({ label }) => label === 'sh',
  );
  process.kill(root?.identity.pid ?? 0, 'SIGTERM');
  expect((await shell.result).stdout).toHaveLength(4_000_000);
});

async function makeFifo(name: string): Promise<string> {
  const path = user.folder.file(name);
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return await Promise.resolve(path);
}

test('a reader that leaves ends the writers, as a pipe would', async () => {
  const words = user.command(['run', '--label', 'endless', '--', 'sh', '-c', 'yes; echo not reached']);
  const shell = await user.startProgram(['/bin/sh', '-c', '"$@" | head -n 2', 'sh', ...words]).result;
  expect(shell).toMatchObject({ code: 0, stdout: 'y\ny\n' });
  expect(shell.stderr).toContain('SIGPIPE');
});

test('--no-log keeps none, and the command has the caller’s own output', async () => {
  const { stdout, stderr } = await user.omnictl(['run', '--no-log', '--', 'sh', '-c', '[ -f /dev/stdout ] || echo no file']);
  expect({ stdout, stderr }).toEqual({ stdout: 'no file\n', stderr: '' });
});

test('a log that nothing was written to is not left behind', async () => {
  await using stranger = await User.create();
  await stranger.omnictl(['run', '--no-spawn', '--', 'true']);
  const [folder = ''] = readdirSync(stranger.folder.path, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('logs/runs'),
  );
  expect(folder).not.toBe('');
  expect(readdirSync(stranger.folder.file(folder))).toEqual([]);
});

test('a log that was asked for and cannot be had is an error; one of its own only a note', async () => {
  await mkdir(user.folder.file('folder'));
  expect(await user.omnictl(['run', '--log', user.folder.file('folder'), '--', 'echo', 'ran'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('cannot open the log'),
  });
  expect(await user.omnictl(['run', '--log', await makeFifo('fifo'), '--', 'echo', 'ran'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('not a regular file'),
  });
  await writeFile(user.folder.file('no-folder'), '');
  const env = { XDG_STATE_HOME: user.folder.file('no-folder') };
  expect(await user.omnictl(['run', '--', 'echo', 'ran'], { env })).toEqual({
    code: 0,
    signal: null,
    stdout: 'ran\n',
    stderr: 'omnictl: keeps no log: ENOTDIR\n',
  });
});
