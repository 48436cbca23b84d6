import { UsageError } from '../errors.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { examples } from '../help.ts';
import { isOnTerminal } from '../run/on-terminal.ts';
import { runOptions } from '../run/option-table.ts';
import { runInPlace } from '../run/run-in-place.ts';
import type { RunOptions } from '../run/run-options.ts';

export const define: Define = (command, bind) => {
  command
    .summary('run a command under protection')
    .description(
      'Runs a command that is protected, with all its descendants, before its first instruction, and keeps its output in a ' +
        "log. Passes signals on (SIGINT and SIGQUIT unless they come from the terminal, whose Ctrl-C reaches the command itself). Ends with the command's exit code, or " +
        '128 + the signal that ended it, and tells on stderr which, and where the log is. The lease ends with the last of its processes: what the command ' +
        'leaves running stays protected. Without a server it starts the per-user one; where there is none to be had it warns, and ' +
        'runs the command unprotected. ' +
        'On a terminal the command has a terminal of its own, which outlives the one it was started on: omnictl attach comes ' +
        'back to it. Elsewhere the command writes the log itself; where its standard error goes elsewhere than its standard output, that ' +
        'is kept in FILE.err. Either way nothing that was written is lost where the command or omnictl is killed.',
    )
    .argument('<command...>', 'the command and its arguments; after -- where they look like options of run')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        'omnictl run --label cycles -- sh -c "echo working; sleep 1"',
        'omnictl run --require --nice 0 --log cycles.log -- sleep 1',
        'omnictl run --retry-on-kill 2 --mode test -- sh -c "exit 0"',
      ),
    )
    .action(bind(run));
  for (const { flags, help, parse } of runOptions) {
    if (parse === undefined) command.option(flags, help);
    else command.option(flags, help, parse);
  }
};

/** Runs a command under a lease. */
export async function run(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  if ((words[0] ?? '') === '') throw new UsageError('run takes a command: omnictl run -- CMD...');
  if (options.log === false || !isOnTerminal()) return await runInPlace(context, words, options);
  const { runOnTerminal } = await import('../run/terminal/run-on-terminal.ts');
  return await runOnTerminal(context, words, options);
}
