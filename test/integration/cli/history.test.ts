import { once } from 'node:events';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Type } from 'typebox';
import { SignalEvent } from '#protocol/history.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { readCsv } from '../../unit/cli/read-csv.ts';
import { User, withServer } from './support/omnictl.ts';
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

/** Asks in vain for a kill: one row. */
async function deny(reason: string): Promise<void> {
  await using sleeper = await startSleeper();
  await user.omnictl(['register', '--pid', String(sleeper.pid)]);
  expect(await user.omnictl(['kill', String(sleeper.pid), '--reason', reason])).toMatchObject({ code: 1 });
}

test('no match: 1, a note, and nothing printed', async () => {
  const args = ['history', '--signal', 'SYS'];
  expect(await user.omnictl(args)).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: 'omnictl: nothing in the history matches\n',
  });
  for (const format of ['table', 'csv', 'ndjson']) {
    expect(await user.omnictl([...args, '--quiet', '--format', format])).toMatchObject({ code: 1, stdout: '', stderr: '' });
  }
  const { code, stdout } = await user.omnictl([...args, '--json', '--quiet']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual([]);
  expect(await user.omnictl([...args, '--output', 'none.csv', '--format', 'csv'])).toMatchObject({ code: 1 });
  await expect(stat(user.folder.file('none.csv'))).rejects.toThrow('ENOENT');
});

test('filters, and the same rows in every format', async () => {
  await using sleeper = await startSleeper();
  await user.omnictl(['register', '--pid', String(sleeper.pid)]);
  for (const reason of ['=first', 'second, "quoted"', 'third\nline'])
    await user.omnictl(['kill', String(sleeper.pid), '--reason', reason]);
  const filter = ['history', '--target', String(sleeper.pid), '--outcome', 'denied', '--since', '1h', '--source', 'mediated'];
  const rows = (await user.json(filter)) as readonly SignalEvent[];
  expectShape(Type.Array(SignalEvent), rows);
  expect(rows.map(({ reason }) => reason)).toEqual(['third\nline', 'second, "quoted"', '=first']);
  const ndjson = (await user.omnictl([...filter, '--format', 'ndjson'])).stdout.trimEnd().split('\n');
  expect(ndjson.map((line) => JSON.parse(line) as unknown)).toEqual(rows);
  const [titles = [], ...cells] = readCsv((await user.omnictl([...filter, '--format', 'csv'])).stdout);
  expect(cells.map((row) => row[titles.indexOf('reason')])).toEqual([String.raw`third\nline`, 'second, "quoted"', "'=first"]);
  expect(cells.map((row) => Number(row[titles.indexOf('id')]))).toEqual(rows.map(({ id }) => id));
  const table = (await user.omnictl(filter)).stdout.trimEnd().split('\n');
  expect(table).toHaveLength(4);
  expect(table[1]).toContain(String.raw`third\nline`);
  expect(table[1]).toContain(`[${String(sleeper.pid)}]`);
  expect((await user.json([...filter, '--limit', '2'])) as unknown[]).toHaveLength(2);
  const others: readonly (readonly string[])[] = [
    ['--until', '1h'],
    ['--signal', 'KILL'],
    ['--target', 'no-such-name'],
    ['--pid', '1'],
    ['--sender', '1'],
  ];
  for (const other of others) expect(await user.omnictl([...filter, ...other, '--quiet'])).toMatchObject({ code: 1 });
  for (const same of [
    ['--signal', 'TERM'],
    ['--pid', String(sleeper.pid)],
    ['--sender', 'omnictl'],
  ]) {
    expect(await user.omnictl([...filter, ...same, '--quiet'])).toMatchObject({ code: 0 });
  }
});

test('--output writes all or nothing, to a file of one’s own', async () => {
  await deny('for the file');
  const path = user.folder.file('kills.csv');
  const args = ['history', '--format', 'csv', '--output', 'kills.csv'];
  expect(await user.omnictl(args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(readCsv(await readFile(path, 'utf8')).length).toBeGreaterThan(1);
  await writeFile(path, 'what was there');
  await chmod(path, 0o640);
  expect(await user.omnictl([...args, '--signal', 'SYS', '--quiet'])).toMatchObject({ code: 1 });
  expect(await readFile(path, 'utf8')).toBe('what was there');
  expect(await user.omnictl(args)).toMatchObject({ code: 0 });
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await readFile(path, 'utf8')).toContain('for the file');
  expect((await readdir(user.folder.path)).filter((name) => name.startsWith('.kills'))).toEqual([]);
  expect(await user.omnictl(['history', '--output', 'none/kills.csv'])).toMatchObject({ code: 2, stdout: '' });
  expect(await user.omnictl(['history', '--output', '/dev/null'])).toMatchObject({ code: 0 });
});

test.each([
  [['--follow', '--output', 'x'], '--output'],
  [['--follow', '--format', 'json'], 'ndjson'],
  [['--follow', '--until', '1h'], '--until'],
  [['--json', '--format', 'csv'], 'contradict'],
  [['--since', 'yesterday'], 'is no time'],
  [['--limit', '0'], 'number of rows'],
])('history %o contradicts itself', async (args, expected) => {
  const { code, stdout, stderr } = await user.omnictl(['history', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(expected);
});

function idsOf(text: string): readonly number[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as SignalEvent).id);
}

test('--follow: what is there, then what comes, over a restart of the server; no gap and no duplicate', async () => {
  await using stranger = await User.create();
  const first = await withServer(stranger);
  const leaseOf = async (): Promise<void> => {
    await using sleeper = await startSleeper();
    expect(await stranger.omnictl(['register', '--pid', String(sleeper.pid)])).toMatchObject({ code: 0 });
  };
  const granted = ['history', '--outcome', 'granted'];
  for (let index = 0; index < 3; index += 1) await leaseOf();
  const following = stranger.start([...granted, '--follow', '--limit', '2', '--json']);
  await until(() => idsOf(following.stdout()).length === 2);
  await leaseOf();
  await until(() => idsOf(following.stdout()).length === 3);
  await first.stop();
  await using _second = await withServer(stranger);
  await leaseOf();
  await until(() => idsOf(following.stdout()).length === 4);
  await leaseOf();
  await until(() => idsOf(following.stdout()).length === 5);
  following.child.kill('SIGINT');
  await once(following.child, 'close');
  const all = (await stranger.json(granted)) as readonly SignalEvent[];
  expect(idsOf(following.stdout())).toEqual(
    all
      .map(({ id }) => id)
      .toReversed()
      .slice(1),
  );
});

test('--follow ends with its reader', async () => {
  await using stranger = await User.create();
  await using _server = await withServer(stranger);
  const following = stranger.start(['history', '--follow', '--format', 'ndjson']);
  const denied = async (): Promise<void> => {
    await using sleeper = await startSleeper();
    await stranger.omnictl(['register', '--pid', String(sleeper.pid)]);
  };
  await denied();
  await until(() => following.stdout().includes('granted'));
  following.child.stdout?.destroy();
  await denied();
  expect(await following.result).toMatchObject({ code: 0, stderr: '' });
});
