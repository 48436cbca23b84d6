import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '#cli/program.ts';
import { verbs } from '#cli/verbs.ts';
import { examplesOf, helpOf } from './help-text.ts';

const program = await createProgram(Object.keys(verbs), () => undefined);

function all(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(all)];
}

const verbsAndGroups = all(program).slice(1);
const leaves = verbsAndGroups.filter((command) => command.commands.length === 0);

test.each(verbsAndGroups.map((command) => [nameOf(command), command] as const))(
  'omnictl %s says what it does, and shows how',
  (_name, command) => {
    expect(command.description()).toMatch(/^[A-Z].*\.$/);
    const examples = examplesOf(helpOf(command));
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.some((line) => line.includes(`omnictl ${nameOf(command)}`))).toBe(true);
  },
);

test('every verb of the interface is there', () => {
  expect(program.commands.map((command) => command.name())).toEqual([
    'status',
    'top',
    'list',
    'register',
    'heartbeat',
    'release',
    'run',
    'attach',
    'may-kill',
    'kill',
    'confine',
    'history',
    'why',
    'trace',
    'isolate',
    'protector',
    'doctor',
    'server',
    'completion',
  ]);
});

test('the help of a verb shows its options and, once, the global ones', () => {
  for (const command of leaves) {
    const help = helpOf(command);
    for (const name of ['--socket', '--json', '--quiet', '--no-color', '--no-spawn']) {
      expect(help.split('\n').filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1);
    }
  }
});

function nameOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${parent.name()} ${command.name()}`;
}
