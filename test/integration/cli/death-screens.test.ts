import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { User, withServer } from './support/omnictl.ts';
import { Terminal, whyNoTerminal } from './support/terminal.ts';

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

beforeEach(({ skip }) => {
  if (whyNoTerminal !== undefined) skip(`${whyNoTerminal}: screens are not tested`);
});

const dies = `sh -c 'kill -9 $$'`;

describe.each([80, 200])('at %i columns', (columns) => {
  test.for([
    ['on a terminal of its own', ''],
    ['in place', '--no-log '],
  ] as const)('the block of run tells a death in ten lines, each under its words: %s', async ([, option]) => {
    await using terminal = await Terminal.open(user, { columns, rows: 40 });
    await terminal.enter(`clear; omnictl run --label cycles ${option}-- ${dies}; echo status $?`);
    const screen = await terminal.shows(/^status 137$/m);
    expect(await terminal.wrapped()).toBe(0);
    const lines = screen.split('\n');
    const block = lines.slice(
      lines.findIndex((line) => line.startsWith('omnictl: cycles (pid ')),
      lines.findIndex((line) => /^status|^omnictl: the log is/.test(line)),
    );
    expect(block[0]).toMatch(/^omnictl: cycles \(pid \d+\) was killed by SIGKILL; who sent it is not recorded\.$/);
    expect(block.length).toBeLessThanOrEqual(10);
    for (const line of block.slice(1)) expect(line).toMatch(/^ {2}[a-z]+ +\S|^ {11}\S/);
    expect(block.map((line) => /^ {2}([a-z]+)/.exec(line)?.[1]).filter((title) => title !== undefined)).toEqual([
      'ended',
      'lease',
      'memory',
      'unknown',
    ]);
  });

  test('why says the same, and calls the command by its name', async () => {
    await using terminal = await Terminal.open(user, { columns, rows: 40 });
    await terminal.enter(`omnictl run --no-log -- ${dies}; clear; omnictl why --last; echo status $?`);
    const screen = await terminal.shows(/^status 0$/m);
    expect(await terminal.wrapped()).toBe(0);
    const lines = screen.split('\n');
    const told = lines.slice(0, lines.indexOf('status 0'));
    expect(told.length).toBeLessThanOrEqual(10);
    // Not by the shell that held it.
    expect(told.join(' ')).toMatch(/^sh -c kill -9 \$\$ \(pid \d+\) was killed by SIGKILL; who sent/);
    for (const line of told) expect(line).toMatch(/^(?:sh -c|[a-z]+ +\S| {9}\S)/);
  });
});
