import type { Context } from '../context.ts';
import { askWords } from '../confine/ask-words.ts';
import type { Define } from '../define.ts';
import { CliError, UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { reasonOf } from '../output/output.ts';
import { parseSignal } from '#protocol/signals.ts';
import { ignoredSignals, ignoredSignalsVariable } from '../run/ignored-signals.ts';

interface ConfineOptions {
  readonly ask?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary('run a command that can signal nothing outside itself')
    .description(
      'Becomes a command whose signals reach only what it started itself: for any other process kill() fails with EPERM, whoever ' +
        'runs it, root too. Its children are confined with it, and there is no way back; set-user-id programs (sudo) gain nothing in ' +
        'it. What is to be killed outside it asks the server for: --ask prints how. Needs no privilege and no server, and Linux 6.12 ' +
        '(Landlock ABI 6): on less it runs nothing, says so, and exits with 69. Otherwise ends as the command does; 127 where there ' +
        'is no such command, 126 where it cannot be executed.',
    )
    .argument('[command...]', 'the command and its arguments; after -- where they look like options of confine')
    .option('--ask', 'run nothing: print how a confined program asks the server instead, in its language where that shows')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        'omnictl confine -- sh -c "kill -9 $PID 2>&1 || echo refused"',
        'omnictl confine --ask',
        'omnictl confine --ask -- python3 repair.py',
      ),
    )
    .action(bind(confine));
};

/** Becomes the command, confined. Comes back only with --ask. */
export async function confine(
  { globals, output }: Context,
  words: readonly string[],
  options: ConfineOptions,
): Promise<number> {
  if (options.ask === true) {
    const ways = askWords(words);
    if (globals.json) output.json(Object.fromEntries(ways.map(({ language, code }) => [language, code])));
    else output.write(ways.map(({ language, code }) => `# ${language}\n${code}`).join('\n'));
    return exitCodes.yes;
  }
  const [name = ''] = words;
  if (name === '') throw new UsageError('confine takes a command: omnictl confine -- CMD...');
  // env(1), which stands in between, would set a variable.
  if (name.includes('=')) throw new UsageError(`'${name}' holds a '=': start it through sh: confine -- sh -c '"$@"' sh CMD...`);
  return await become(words);
}

/** Loaded when it is wanted: describing the verb needs no system call. */
async function become(words: readonly string[]): Promise<never> {
  const { ConfineUnavailable, confineSignals } = await import('#linux/landlock.ts');
  const { restoreSignals } = await import('#linux/inherited-signals.ts');
  const { [ignoredSignalsVariable]: mask, ...env } = process.env;
  try {
    confineSignals();
  } catch (error) {
    const reason = error instanceof ConfineUnavailable ? error.message : reasonOf(error);
    throw new CliError(exitCodes.unavailable, `not run: signals cannot be confined here: ${reason}`, error);
  }
  restoreSignals(ignoredSignals(mask).map((signal) => parseSignal(signal) ?? 0));
  // A failed execve ends Node with a core dump; env looks the command up, and says in a line what is wrong with it.
  if (process.execve === undefined) throw new CliError(exitCodes.software, 'this Node has no process.execve: Node 24 has it');
  return process.execve('/usr/bin/env', ['env', '--', ...words], env);
}
