import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { runScript, startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Wire } from '#test/support/server/wire.ts';
import { User, withServer } from './support/omnictl.ts';
import { Terminal, whyNoTerminal } from './support/terminal.ts';

let user: User;
let server: Omnid;
let busy: TestProcess;
let calm: TestProcess;

/** Turns a line and takes the next one with it, where it is printed as it stands. */
const hostile = 'a\u001B[2Jb\nc\u202Ed which is rather long too, so that it has to be cut somewhere';

beforeAll(async () => {
  user = await User.create();
  server = await withServer(user);
  busy = runScript('echo ready; while :; do :; done');
  await busy.line();
  calm = await startSleeper();
  await user.omnictl(['register', '--pid', String(busy.pid), '--label', 'busy', '--reason', 'counts']);
  await user.omnictl(['register', '--pid', String(calm.pid), '--label', hostile, '--ttl', '1h']);
  await user.omnictl(['kill', String(calm.pid), '--reason', hostile]);
});

afterAll(async () => {
  for (const one of [busy, calm]) await one[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

beforeEach(({ skip }) => {
  if (whyNoTerminal !== undefined) skip(`${whyNoTerminal}: screens are not tested`);
});

function open(columns: number, rows = 40): Promise<Terminal> {
  return Terminal.open(user, { columns, rows });
}

/** Where the words of a table's first line begin. */
function startsOf(line: string): readonly number[] {
  return [...line.matchAll(/(?<=^| {2})\S/g)].map(({ index }) => index);
}

const screens: readonly (readonly [command: string, title: RegExp])[] = [
  ['omnictl status', /^LAST KILLS +SIGNAL +BY +TARGET +OUTCOME$/],
  ['omnictl list', /^LEASE +PID +LABEL/],
  ['omnictl history', /^TIME +SIGNAL +BY +TARGET/],
  ['omnictl doctor', /^Protection/],
  ['omnictl why --last', /^\S/],
  ['omnictl trace --duration 1ms', /^signals +0 SIGKILL/],
  ['omnictl trace -- sh -c "kill -9 $$"', /^traced +sh/],
  ['omnictl isolate test --check', /^\+\+\+ /],
];

describe.each([80, 200])('at %i columns', (columns) => {
  test.for(screens)('%s', async ([command, title]) => {
    await using terminal = await open(columns, 200);
    await terminal.enter(`clear; ${command.replace('$$', '\\$\\$')}; echo "ended $?"`);
    const lines = await terminal.sees(/^ended \d+$/m);
    expect(
      lines.find((line) => title.test(line)),
      lines.join('\n'),
    ).toBeDefined();
    // A difference shows lines of files as they are; a path cannot be broken.
    if (!/isolate|doctor/.test(command)) expect(await terminal.wrapped()).toBe(0);
    expect(lines.join('\n')).not.toContain('\u202E');
  });

  test('colours are for the eye alone: the words are the same without', async () => {
    await using terminal = await open(columns, 200);
    await terminal.enter('clear; omnictl status --no-color; echo "ended $?"');
    await terminal.sees(/^ended 0$/m);
    expect(await terminal.coloured()).not.toContain('\u001B[1m');
    await terminal.enter('clear; omnictl status; echo "ended again $?"');
    const lines = await terminal.sees(/^ended again 0$/m);
    expect(await terminal.coloured()).toContain('\u001B[1mserver');
    expect(lines.some((line) => line.startsWith('server '))).toBe(true);
  });

  test('the columns of list stand under their titles', async () => {
    await using terminal = await open(columns);
    await terminal.enter('clear; omnictl list; echo "ended $?"');
    const lines = await terminal.sees(/^ended 0$/m);
    const at = lines.findIndex((line) => line.startsWith('LEASE '));
    const [titles = '', first = '', second = ''] = lines.slice(at);
    const label = titles.indexOf('LABEL');
    expect([first, second].map((line) => startsOf(line).includes(label))).toEqual([true, true]);
  });

  test('top: what is protected, what it uses, what was killed', async () => {
    await using terminal = await open(columns);
    await terminal.enter('omnictl top --interval 200ms');
    const lines = await terminal.sees(/^busy +\d+ +1 +[1-9][\d.]* %/m);
    expect(lines[0]).toMatch(new RegExp(`^omnid .+\\d\\d:\\d\\d:\\d\\d$`));
    expect(lines[0]).toHaveLength(columns);
    expect(lines[1]).toMatch(/^memory {4}\[#*-*\] .+ available/);
    expect(lines[2]).toMatch(/^pressure {2}/);
    expect(lines[3]).toMatch(/^protected 2 processes in 2 leases, by CPU/);
    expect(lines.find((line) => line.startsWith('LAST KILLS'))).toBeDefined();
    expect(lines.filter((line) => /SIGTERM .+ denied$/.test(line))).toHaveLength(1);
    expect(lines.at(-1)).toMatch(/^ q quit/);
    expect(await terminal.wrapped()).toBe(0);
    const table = lines.slice(lines.findIndex((line) => line.startsWith('LABEL ')));
    const end = (table[0] ?? '').indexOf('MEMBERS') + 'MEMBERS'.length;
    expect([table[1]?.[end - 1], table[2]?.[end - 1]]).toEqual(['1', '1']);
    expect(table[2]).toContain(columns === 200 ? String.raw`a\x1b[2Jb\nc\u{202e}d which` : String.raw`a\x1b`);
  });
});

describe('top, by keys', () => {
  test('sort, choose, open, back, help, pause, quit', async () => {
    await using terminal = await open(100, 24);
    await terminal.enter('omnictl top --interval 200ms');
    await terminal.sees(/^busy .+\n.*a\\x1b/m);
    await terminal.press('l');
    await terminal.sees(/by label[^]+^a\\x1b.+\nbusy /m);
    await terminal.press('G');
    await terminal.press('Enter');
    const detail = await terminal.sees(/^lease {5}ls-\w+, busy$/m);
    expect(detail.join('\n')).toMatch(new RegExp(`^root +pid ${String(busy.pid)} of uid \\d+, with its tree$`, 'm'));
    expect(detail.join('\n')).toMatch(/^reason +counts$/m);
    expect(detail.join('\n')).toMatch(new RegExp(`^ *${String(busy.pid)} +[RS] +[\\d.]+ % +.+ {2}sh$`, 'm'));
    await terminal.press('Escape');
    await terminal.sees(/^LABEL /m);
    await terminal.press('?');
    await terminal.sees(/^up, down, j, k +move$/m);
    await terminal.press('x');
    await terminal.sees(/^LABEL /m);
    await terminal.press('Space');
    await terminal.sees(/PAUSED \d\d:/);
    await terminal.press('Space');
    await until(async () => !(await terminal.lines()).join('\n').includes('PAUSED'));
    await terminal.press('q');
    // The terminal is as it was before.
    expect((await terminal.sees(/^ready>$/m)).join('\n')).toContain('ready> omnictl top --interval 200ms');
  });

  test('the arrows move, and the chosen row stays chosen while rows move', async () => {
    await using terminal = await open(100, 24);
    await terminal.enter('omnictl top --interval 200ms');
    await terminal.sees(/^busy /m);
    await terminal.press('l');
    await terminal.press('Down');
    await terminal.press('c');
    await terminal.sees(/by CPU[^]+^busy /m);
    await terminal.press('Enter');
    await terminal.sees(/^lease {5}ls-\w+, busy$/m);
    await terminal.press('BSpace');
    await terminal.press('Down');
    await terminal.press('Enter');
    await terminal.sees(/^lease {5}ls-\w+, a\\x1b/m);
  });

  test.each(['C-c', 'q'])('%s gives the terminal back, its cursor and its echo too', async (key) => {
    await using terminal = await open(80, 24);
    await terminal.enter('omnictl top; echo "ended $?"');
    await terminal.sees(/^busy /m);
    await terminal.press(key);
    await terminal.sees(/^ended 0$/m);
    await terminal.enter('echo typed');
    await terminal.sees(/^ready> echo typed\ntyped$/m);
  });

  test('it follows the size of the terminal, and bears a very small one', async () => {
    await using terminal = await open(80, 24);
    await terminal.enter('omnictl top --interval 200ms');
    await terminal.sees(/^busy /m);
    await terminal.resize(200, 30);
    await until(async () => ((await terminal.lines())[0]?.length ?? 0) === 200);
    await terminal.resize(24, 5);
    await terminal.sees(/^ q quit/m);
    await until(async () => (await terminal.lines())[0]?.length === 24 && (await terminal.wrapped()) === 0);
    await terminal.resize(80, 24);
    await terminal.sees(/^busy /m);
  });

  test('Ctrl-Z gives the shell its terminal, and fg comes back', async () => {
    await using terminal = await open(80, 24);
    await terminal.enter('omnictl top --interval 200ms');
    await terminal.sees(/^busy /m);
    await terminal.press('C-z');
    await terminal.sees(/Stopped/);
    await terminal.enter('echo typed; fg');
    await terminal.sees(/^busy /m);
    await terminal.press('q');
    await terminal.sees(/^typed$/m);
  });

  test('more leases than rows: the chosen one is in sight', async () => {
    await using other = await User.create();
    await using _crowded = await withServer(other);
    await using wire = await Wire.connect(other.socket);
    const sleepers = await Promise.all(Array.from({ length: 30 }, () => startSleeper()));
    for (const [index, { pid }] of sleepers.entries()) {
      await wire.call('lease.register', { pid, label: `job ${String(index).padStart(2, '0')}` });
    }
    await using terminal = await Terminal.open(other, { columns: 80, rows: 24 });
    await terminal.enter('omnictl top --interval 200ms');
    await terminal.sees(/^job /m);
    await terminal.press('l');
    await terminal.sees(/^job 00 /m);
    await terminal.press('G');
    const lines = await terminal.sees(/^job 29 /m);
    expect(lines.join('\n')).toMatch(/^\d+-30 of 30$/m);
    expect(lines.join('\n')).not.toMatch(/^job 00 /m);
    for (const sleeper of sleepers) await sleeper[Symbol.asyncDispose]();
  });
});

test('top says when what it shows is old, and goes on when the server is back', async () => {
  await using other = await User.create();
  const first = await withServer(other);
  await using terminal = await Terminal.open(other, { columns: 100, rows: 24 });
  await terminal.enter('omnictl top --interval 200ms');
  await terminal.sees(/^nothing is protected/m);
  await first.kill();
  await terminal.sees(/^NOT LIVE: the server does not answer/m);
  await using _second = await withServer(other);
  await terminal.sees(/^omnid /m);
});

test.each([
  ['n', /^ended 1$/m],
  ['y', /^replaced \.env\.resource_config \(what was there: .+[^]+^ended 0$/m],
])('isolate shows the difference, and asks: %s', async (answer, expected) => {
  await using terminal = await open(100, 60);
  await writeFile(user.folder.file('.env.resource_config'), 'MINE=1\n');
  await terminal.enter('omnictl isolate test; echo "ended $?"');
  await terminal.sees(/^-MINE=1$[^]+Replace it\? .+\[y\/N\]/m);
  await terminal.enter(answer);
  await terminal.sees(expected);
});

test('without a terminal top prints one screen of plain text, and documents', async () => {
  const { code, stdout, stderr } = await user.omnictl(['top']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^omnid /);
  expect(stdout).toMatch(/^busy +\d+ +1 /m);
  expect(stdout).not.toContain('\u001B');
  const { stdout: json } = await user.omnictl(['top', '--json', '--count', '2', '--interval', '100ms']);
  const models = json
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly rows: readonly { readonly label: string; readonly cpuPercent: number }[] });
  expect(models).toHaveLength(2);
  expect(models[1]?.rows.map(({ label }) => label).toSorted()).toEqual([hostile, 'busy'].toSorted());
});

test.each([
  [['top', '--interval', '1ms'], 'at least 100ms'],
  [['top', '--count', '0'], 'number of looks'],
])('%o is a mistake in the command line', async (words, expected) => {
  expect(await user.omnictl(words)).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) as string });
});
