import { UsageError } from '../errors.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { examples } from '../help.ts';
import { isOnTerminal } from '../run/on-terminal.ts';
import { ioPriority, modeOption, nice, oomScoreAdj, retries } from '../run/parse-options.ts';
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
    .option('--label <text>', "a name for people (default: the command's)")
    .option('--reason <text>', 'why, for whoever is refused')
    .option('--nice <number>', 'priority, -20 to 19 (default: 10, or more where the caller has more)', nice)
    .option('--io-priority <level>', "idle, or best effort from 0 (first) to 7 (default: the kernel's, by nice)", ioPriority)
    .option(
      '--oom-score-adj <number>',
      'for the kernel when memory runs out, -1000 (spare it) to 1000 (default: -250 where that is allowed)',
      oomScoreAdj,
    )
    .option('--mode <mode>', 'OMNIMIND_RESOURCE_PROTECTOR_MODE for the command: dev, test or prod', modeOption)
    .option('--log <file>', 'where its output is kept (default: logs/runs in the state folder, oldest removed)')
    .option('--no-log', "keep no log: the command has the caller's own output")
    .option('--guard', 'ask the kernel to refuse what the lease forbids, root included')
    .option('--retry-on-kill <times>', "start it again after a SIGKILL that was not its own or its owner's", retries)
    .option('--require', 'do not run it unprotected: exit with 69')
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
};

/** Runs a command under a lease. */
export async function run(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  if ((words[0] ?? '') === '') throw new UsageError('run takes a command: omnictl run -- CMD...');
  if (options.log === false || !isOnTerminal()) return await runInPlace(context, words, options);
  const { runOnTerminal } = await import('../run/terminal/run-on-terminal.ts');
  return await runOnTerminal(context, words, options);
}
