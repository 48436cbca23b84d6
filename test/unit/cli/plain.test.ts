import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from 'commander';
import type { Globals } from '#cli/globals.ts';
import { readPlain } from '#cli/plain.ts';
import { runOptions } from '#cli/run/option-table.ts';
import { readPlainRun } from '#cli/run/plain-run.ts';
import { createProgram, globalsOf } from '#cli/program.ts';
import { verbOf } from '#cli/verbs.ts';

/** What commander makes of the same words. */
async function readByCommander(args: readonly string[]): Promise<Globals | undefined> {
  let globals: Globals | undefined;
  const program = await createProgram(['status'], () => undefined);
  program.commands[0]?.action((_options: unknown, command: Command) => {
    globals = globalsOf(command);
  });
  await program.parseAsync(args, { from: 'user' });
  return globals;
}

const option = fc.oneof(
  fc.constantFrom(['--json'], ['--quiet'], ['--no-color'], ['--no-spawn']),
  fc.constantFrom('/run/a.sock', 'b.sock', '-', '--json').map((path) => ['--socket', path]),
);

test('what is read without commander is what commander reads', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(option), fc.array(option), async (before, after) => {
      const args = [...before.flat(), 'status', ...after.flat()];
      expect((await readPlain(args))?.globals).toEqual(await readByCommander(args));
    }),
    { numRuns: 60 },
  );
});

test.each([
  [[]],
  [['--json']],
  [['list']],
  [['status', 'status']],
  [['status', '--all']],
  [['status', '--help']],
  [['status', '--socket']],
  [['--socket=/run/a.sock', 'status']],
  [['help', 'status']],
  [['toString']],
])('%o goes the ordinary way', async (args) => {
  expect(await readPlain(args)).toBeUndefined();
});

/** What commander makes of a command line of `run`. */
async function runByCommander(args: readonly string[]): Promise<unknown> {
  let read: unknown;
  const program = await createProgram(['run'], () => undefined);
  program.commands[0]?.action(
    (words: readonly string[], { color: _color, spawn: _spawn, ...options }: Record<string, unknown>) => {
      read = { words, options };
    },
  );
  await program.parseAsync(['run', ...args], { from: 'user' });
  return read;
}

const values: Readonly<Record<string, readonly string[]>> = {
  '--label': ['a b', '', '--json', '-x'],
  '--reason': ['why'],
  '--nice': ['-5', '+7', '19'],
  '--io-priority': ['idle', '0', '7'],
  '--oom-score-adj': ['-1000', '500'],
  '--memory-high': ['512M', '1.5GiB'],
  '--cpu-weight': ['1', '10000'],
  '--mode': ['dev', 'test', 'prod'],
  '--log': ['file', '-'],
  '--retry-on-kill': ['0', '3'],
};

const runOption = fc.oneof(
  fc.constantFrom(['--no-log'], ['--guard'], ['--require']),
  ...Object.entries(values).map(([name, some]) => fc.constantFrom(...some).map((value) => [name, value])),
);
const command = fc.constantFrom(['--', 'cmd', '--guard', '--'], ['cmd', '--json', '-x'], ['--', '--odd'], ['cmd']);

test('options of run that are read without commander are what commander reads', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(runOption), command, async (options, words) => {
      const args = [...options.flat(), ...words];
      expect(readPlainRun(args)).toEqual(await runByCommander(args));
    }),
    { numRuns: 60 },
  );
});

test('every option of run is among those that were compared', () => {
  const names = runOptions.map(({ flags }) => flags.split(' ', 1)[0]);
  expect(names.toSorted()).toEqual([...Object.keys(values), '--no-log', '--guard', '--require'].toSorted());
});

test.each([
  [[]],
  [['--']],
  [['--help']],
  [['--label']],
  [['--label=a', 'cmd']],
  [['--json', 'cmd']],
  [['-', 'cmd']],
  [['--unknown', 'cmd']],
])('run %o goes the ordinary way', (args) => {
  expect(readPlainRun(args)).toBeUndefined();
});

test('the verb is found behind global options, and is no name that objects have by themselves', () => {
  expect(verbOf(['--json', '--socket', 'kill', 'history', 'status'])).toBe('history');
  expect(verbOf(['--socket', 'kill'])).toBeUndefined();
  expect(verbOf(['constructor'])).toBeUndefined();
  expect(verbOf([])).toBeUndefined();
});
