import { existsSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { startStubborn } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
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
  if (whyNoTerminal !== undefined) skip(`${whyNoTerminal}: progress is not tested`);
});

test('kill tells how long it has waited, and leaves no trace of that', async () => {
  await using stubborn = await startStubborn();
  const { pid } = stubborn;
  await using terminal = await Terminal.open(user, { columns: 80, rows: 10 });
  await terminal.enter(`omnictl kill ${String(pid)} --grace 3s --no-escalate`);
  await terminal.shows(new RegExp(`^omnictl: waits for ${String(pid)} to end: \\ds, 3s of grace$`, 'm'));
  // The line of the progress stood there, and the prompt comes last of all.
  expect(await terminal.shows(/^survived\nready>/m)).not.toContain('waits for');
});

test('nothing is told where stderr is no terminal, nor with --quiet', async () => {
  await using stubborn = await startStubborn();
  await using terminal = await Terminal.open(user, { columns: 80, rows: 10 });
  const kill = `omnictl kill ${String(stubborn.pid)} --grace 1500ms --no-escalate`;
  await terminal.enter(`${kill} 2> told; ${kill} --quiet; wc -c < told; echo done`);
  const lines: string[] = [];
  await until(async () => {
    lines.push(await terminal.screen());
    return /^done$/m.test(lines.at(-1) ?? '');
  });
  expect(lines.filter((screen) => screen.includes('waits for'))).toEqual([]);
  expect(lines.at(-1)).toMatch(/^survived\n0\ndone$/m);
});

/** A server that answers nothing until it goes on. */
async function whileStopped(work: () => Promise<void>): Promise<void> {
  process.kill(server.pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
}

test('run tells that it waits for the server, until the command begins', async () => {
  await using terminal = await Terminal.open(user, { columns: 80, rows: 10 });
  await whileStopped(async () => {
    await terminal.enter('omnictl run --no-log -- echo it ran');
    await terminal.shows('omnictl: waits for the server to protect the command');
  });
  expect(await terminal.shows(/^it ran$/m)).not.toContain('waits for');
  await whileStopped(async () => {
    await terminal.enter('clear; omnictl run -- echo it ran twice');
    await terminal.shows('omnictl: waits for the server to protect the command');
  });
  expect(await terminal.shows(/^it ran twice$/m)).not.toContain('waits for');
});

test('an export to a file tells how many rows are written', async () => {
  await using terminal = await Terminal.open(user, { columns: 80, rows: 10 });
  for (const [file, command] of [
    ['output.csv', 'omnictl history --format csv --output output.csv'],
    ['redirected.csv', 'omnictl history --format csv > redirected.csv'],
  ] as const) {
    await whileStopped(async () => {
      await terminal.enter(`clear; ${command}`);
      await terminal.shows(/^omnictl: \d+ rows written$/m);
    });
    await until(async () => !(await terminal.screen()).includes('rows written'));
    await terminal.enter('echo exported');
    await terminal.shows(/^exported$/m);
    expect(existsSync(user.folder.file(file))).toBe(true);
  }
});
