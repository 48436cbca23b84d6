import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Type } from 'typebox';
import { SignalEvent } from '#protocol/history.ts';
import { Lease } from '#protocol/lease.ts';
import { methods } from '#protocol/methods.ts';
import { ProtectionRule } from '#protocol/rules.ts';
import { ServerInfo, ServerStatus } from '#protocol/server.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { noPid, runScript, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { omnictlProgram, User, withServer } from './support/omnictl.ts';
import { expectShape } from './support/shapes.ts';

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

const leaseId = /^ls-[a-z2-7]{16,32}$/;

test('register prints the lease id alone; heartbeat, release and their exit codes', async () => {
  await using sleeper = await startSleeper();
  const registered = await user.omnictl(['register', '--pid', String(sleeper.pid), '--label', 'cycles', '--ttl', '1h']);
  expect(registered).toMatchObject({ code: 0, stderr: '' });
  const id = registered.stdout.trim();
  expect(registered.stdout).toBe(`${id}\n`);
  expect(id).toMatch(leaseId);
  expect(await user.omnictl(['heartbeat', id])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${id} expires at `) as string,
  });
  expect(await user.omnictl(['heartbeat', id, '--quiet'])).toMatchObject({ code: 0, stdout: '' });
  expect(await user.omnictl(['release', id])).toMatchObject({ code: 0, stdout: `${id} released\n` });
  expect(await user.omnictl(['release', id])).toMatchObject({ code: 1, stdout: '' });
  expect(await user.omnictl(['heartbeat', id])).toMatchObject({ code: 1, stdout: '' });
});

test('register, heartbeat and release print Leases with --json; options become its terms', async () => {
  await using sleeper = await startSleeper();
  const words = ['--max', '2h', '--process-only', '--forbid', 'KILL,TERM', '--priority', '-5', '--reason', 'do not disturb'];
  const lease = (await user.json(['register', '--pid', String(sleeper.pid), '--heartbeat', ...words])) as Lease;
  expectShape(Lease, lease);
  expect(lease).toMatchObject({
    identity: { pid: sleeper.pid },
    renewal: 'heartbeat',
    ttlMs: 30_000,
    maxMs: 7_200_000,
    scope: 'process',
    forbiddenSignals: [9, 15],
    priority: -5,
    reason: 'do not disturb',
  });
  expectShape(Lease, await user.json(['heartbeat', lease.id]));
  const released = (await user.json(['release', '--pid', String(sleeper.pid)])) as Lease;
  expectShape(Lease, released);
  expect(released.state).toBe('released');
});

test('without --pid it is the process that called omnictl', async () => {
  const script = 'echo $$; "$0" "$@"; read -r _';
  const parent = user.startProgram(['/bin/sh', '-c', script, process.execPath, ...commandWords(['register', '--json'])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await until(() => parent.stdout().split('\n').length === 3);
  const [pid, json] = parent.stdout().split('\n');
  expect((JSON.parse(json ?? '') as Lease).identity.pid).toBe(Number(pid));
  parent.child.stdin?.end();
  await parent.result;
});

test('may-kill says yes only where all may be killed', async () => {
  await using free = await startSleeper();
  await using held = await startSleeper();
  await user.omnictl(['register', '--pid', String(held.pid)]);
  const pids = [String(free.pid), String(held.pid)];
  expect(await user.omnictl(['may-kill', String(free.pid)])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+ allow unprotected: /) as string,
  });
  const both = await user.omnictl(['may-kill', ...pids]);
  expect(both.code).toBe(1);
  expect(both.stdout.split('\n')[1]).toMatch(new RegExp(`^${pids[1] ?? ''} deny lease: `));
  expect(await user.omnictl(['may-kill', '--quiet', ...pids])).toMatchObject({ code: 1, stdout: '', stderr: '' });
  expect(await user.omnictl(['may-kill', '--signal', 'CONT', ...pids])).toMatchObject({ code: 0 });
  expect(await user.omnictl(['may-kill', String(noPid)])).toMatchObject({ code: 1 });
  const verdicts = await user.json(['may-kill', ...pids]);
  expectShape(methods['protection.check'].result, verdicts);
});

test('kill ends what is not protected, and says how', async () => {
  await using willing = await startSleeper();
  expect(await user.omnictl(['kill', String(willing.pid)])).toMatchObject({ code: 0, stdout: 'exited\n' });
  await using stubborn = await startStubborn();
  expect(await user.omnictl(['kill', String(stubborn.pid), '--grace', '10ms'])).toMatchObject({ code: 0, stdout: 'killed\n' });
  await using lasting = await startStubborn();
  const survived = await user.omnictl(['kill', String(lasting.pid), '--grace', '10ms', '--no-escalate', '--quiet']);
  expect(survived).toMatchObject({ code: 1, stdout: '' });
  const result = await user.json(['kill', String(lasting.pid), '--signal', 'KILL', '--reason', 'the end of the test']);
  expectShape(methods['process.terminate'].result, result);
  expect(result).toMatchObject({ outcome: 'killed' });
  expect(await user.omnictl(['kill', String(noPid)])).toMatchObject({ code: 1 });
});

test('kill is denied what is protected; its owner may override', async () => {
  await using held = await startSleeper();
  await user.omnictl(['register', '--pid', String(held.pid)]);
  const denied = await user.omnictl(['kill', String(held.pid)]);
  expect(denied).toMatchObject({ code: 1, stdout: 'denied\n' });
  expect(denied.stderr).toContain('was not sent SIGTERM');
  expect(await user.omnictl(['kill', String(held.pid), '--override'])).toMatchObject({ code: 0, stdout: 'exited\n' });
});

test('list shows members and what they use; --all what has ended too', async () => {
  await using sleeper = await startSleeper();
  const label = 'named\n\u001B[31m';
  const id = (await user.omnictl(['register', '--pid', String(sleeper.pid), '--label', label])).stdout.trim();
  const { code, stdout } = await user.omnictl(['list']);
  expect(code).toBe(0);
  const line = stdout.split('\n').find((text) => text.startsWith(id));
  expect(line).toContain(String.raw`named\n\x1b[31m`);
  expect(line).toMatch(/ 1 +\d+\.\d % +[\d.]+ [KM]iB$/);
  const rows = (await user.json(['list'])) as (Lease & { usage: { pids: number[] } | null })[];
  for (const { usage: _usage, ...lease } of rows) expectShape(Lease, lease);
  expect(rows.find((row) => row.id === id)?.usage?.pids).toEqual([sleeper.pid]);
  await user.omnictl(['release', id]);
  expect((await user.omnictl(['list'])).stdout).not.toContain(id);
  expect((await user.omnictl(['list', '--all'])).stdout).toMatch(new RegExp(`^${id} .* released `, 'm'));
});

test('a root that is gone while its children go on is marked', async () => {
  const script = 'sleep 1000 & echo $!; read -r _';
  const tree = user.startProgram(['/bin/sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await until(() => tree.stdout().includes('\n'));
  const child = Number(tree.stdout());
  const id = (await user.omnictl(['register', '--pid', String(tree.child.pid)])).stdout.trim();
  await user.omnictl(['list']);
  tree.child.stdin?.end();
  await until(() => tree.child.exitCode !== null);
  try {
    const line = await until(async () =>
      (await user.omnictl(['list'])).stdout.split('\n').find((text) => text.startsWith(id) && text.includes('(gone)')),
    );
    expect(line).toMatch(/ 1 +\d/);
  } finally {
    process.kill(child, 'SIGKILL');
  }
});

test('status is one screen, and one document', async () => {
  const { code, stdout, stderr } = await user.omnictl(['status']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const word of ['server', 'enforced', 'protected', 'memory', 'swap', 'pressure', 'history'])
    expect(stdout).toMatch(new RegExp(`^${word} `, 'm'));
  expect(stdout.split('\n').length).toBeLessThan(25);
  const report = (await user.json(['status'])) as Readonly<Record<string, unknown>>;
  expect(Object.keys(report).toSorted()).toEqual(['kills', 'leases', 'rules', 'socket', 'status']);
  expectShape(ServerStatus, report['status']);
  expectShape(Type.Array(Lease), report['leases']);
  expectShape(Type.Array(SignalEvent), report['kills']);
  expectShape(Type.Array(ProtectionRule), report['rules']);
});

test('list and status show what rules cover, and why; list --rules shows them all', async () => {
  await using other = await User.create();
  const name = `omnimind-test-job-${String(process.pid)}`;
  const rule = `[[rule]]\nname = "jobs"\njob = '^${name}'\n[[rule]]\nname = "none"\ncomm = '^${name}$'\n`;
  await using server = await withServer(other, { config: rule });
  await writeFile(other.folder.file(name), 'echo ready; cat <&3');
  await using running = runScript(`exec /bin/sh ${other.folder.file(name)}`);
  await running.line();
  const covered = new RegExp(`^jobs +${String(running.pid)} +sh +[12] +job \\^${name}$`, 'm');
  const listed = await other.omnictl(['list']);
  expect(listed).toMatchObject({ code: 0, stderr: 'omnictl: no leases\n' });
  expect(listed.stdout).toMatch(covered);
  const { stdout } = await other.omnictl(['status']);
  expect(stdout).toMatch(covered);
  expect(stdout).toMatch(/^protected +[12] process(es)?; 0 leases, and by rules: jobs [12]$/m);
  const all = (await other.json(['list', '--rules'])) as ProtectionRule[];
  expectShape(Type.Array(ProtectionRule), all);
  expect(all.map((one) => [one.name, one.trees.length])).toEqual([
    ['jobs', 1],
    ['none', 0],
  ]);
  expect((await other.omnictl(['list', '--rules'])).stdout).toMatch(
    new RegExp(`^none +configuration +0 +comm \\^${name}\\$$`, 'm'),
  );
  expect(await other.omnictl(['kill', String(running.pid)])).toMatchObject({ code: 1, stdout: 'denied\n' });
  expect(await other.omnictl(['kill', String(running.pid), '--override'])).toMatchObject({ code: 0 });
  await server.stop();
});

test('doctor shows each rung, and what to change', async () => {
  const { code, stdout } = await user.omnictl(['doctor']);
  expect(code).toBe(0);
  for (const layer of ['advisory', 'sentinel', 'confine', 'guard'])
    expect(stdout).toMatch(new RegExp(`^ {2}(ok|no) {3}${layer}: `, 'm'));
  const report = (await user.json(['doctor'])) as Readonly<Record<string, unknown>>;
  expectShape(ServerInfo, report['info']);
  expectShape(ServerInfo.properties.facts, report['local']);
});

test('server status says who answers', async () => {
  const { code, stdout } = await user.omnictl(['server', 'status']);
  expect(code).toBe(0);
  expect(stdout).toContain(`pid ${String(server.pid)}`);
  expectShape(ServerInfo, await user.json(['server', 'status']));
});

test.each([
  [['register', '--ttl', '1ms', '--pid', '$SELF'], 'ttlMs'],
  [['release'], 'release takes'],
  [['release', 'ls-aaaaaaaaaaaaaaaa', '--pid', '1'], 'release takes'],
  [['kill', '1', '--signal', '0'], 'may-kill'],
  [['heartbeat'], "missing required argument 'lease'"],
  [['frobnicate'], "unknown command 'frobnicate'"],
  [['status', '--frobnicate'], "unknown option '--frobnicate'"],
  [['history', '--format', 'xml'], 'Allowed choices are'],
  [['may-kill', 'python3'], "'python3' is no pid"],
  [['release', 'nonsense'], "'nonsense' is no lease"],
  [['why', 'nonsense'], "'nonsense' is no lease"],
  [['heartbeat'], "'omnictl help heartbeat' shows how"],
  [['nonsense'], "'omnictl help' shows how"],
  [['run'], "missing required argument 'command'"],
  [['--socket'], 'argument missing'],
])('%o is a mistake in the command line', async (words, expected) => {
  const args = words.map((word) => (word === '$SELF' ? String(process.pid) : word));
  const { code, stdout, stderr } = await user.omnictl(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^omnictl: [^\n]+\n$/);
  expect(stderr).toContain(expected);
});

test('what is not one’s own is refused with 77, what is not there with 1', async () => {
  expect(await user.omnictl(['heartbeat', 'ls-aaaaaaaaaaaaaaaa'])).toMatchObject({ code: 1 });
  const refused = await user.omnictl(['register', '--pid', '1']);
  expect([1, 77]).toContain(refused.code);
  expect(refused.stdout).toBe('');
});

test('global options stand before the verb and after it', async () => {
  const { code, stdout } = await user.omnictl(['--json', 'server', '--quiet', 'status', '--no-color']);
  expect(code).toBe(0);
  expectShape(ServerInfo, JSON.parse(stdout));
  expect(await user.omnictl(['--socket', user.folder.file('none'), 'status'])).toMatchObject({ code: 69 });
  expect(await user.omnictl(['status', '--socket', user.folder.file('none')])).toMatchObject({ code: 69 });
  expect(await user.omnictl(['status'], { env: { OMNIMIND_SOCKET: user.folder.file('none') } })).toMatchObject({ code: 69 });
});

test('a reader that goes away is no error', async () => {
  const script = '"$0" "$@" | true';
  const { code, stderr } = await user.startProgram([
    '/bin/bash',
    '-o',
    'pipefail',
    '-c',
    script,
    process.execPath,
    ...commandWords(['history', '--format', 'ndjson']),
  ]).result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

function commandWords(args: readonly string[]): readonly string[] {
  return [omnictlProgram, ...args];
}
