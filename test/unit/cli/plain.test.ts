import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from 'commander';
import type { Globals } from '#cli/globals.ts';
import { readPlain } from '#cli/plain.ts';
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
      expect(readPlain(args)?.globals).toEqual(await readByCommander(args));
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
])('%o goes the ordinary way', (args) => {
  expect(readPlain(args)).toBeUndefined();
});

test('the verb is found behind global options, and is no name that objects have by themselves', () => {
  expect(verbOf(['--json', '--socket', 'kill', 'history', 'status'])).toBe('history');
  expect(verbOf(['--socket', 'kill'])).toBeUndefined();
  expect(verbOf(['constructor'])).toBeUndefined();
  expect(verbOf([])).toBeUndefined();
});
