import { basename } from 'node:path';
import { bounds } from '#protocol/bounds.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { CliError, UsageError } from '../errors.ts';
import { describeFailure } from '../failure.ts';
import { examples } from '../help.ts';
import { wholeNumber } from '../parse/number.ts';
import { commandEnvironment, createMarker } from '../run/command-environment.ts';
import { endingWords, exitCodeOf } from '../run/ending-words.ts';
import { findKill } from '../run/find-kill.ts';
import { forwardSignals } from '../run/forward-signals.ts';
import { holdCommand, type HeldCommand } from '../run/held-command.ts';
import { ignoredSignals, ignoredSignalsVariable } from '../run/ignored-signals.ts';
import { setNice } from '../run/set-nice.ts';
import { connectOrStart } from '../server/connect-or-start.ts';

interface RunOptions {
  readonly label?: string;
  readonly reason?: string;
  readonly nice?: number;
  readonly require?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary('run a command under protection')
    .description(
      'Runs a command that is protected, with all its descendants, before its first instruction. Passes signals on (SIGINT and ' +
        "SIGQUIT unless they come from the terminal, whose Ctrl-C reaches the command itself). Ends with the command's exit code, or " +
        '128 + the signal that ended it, and tells on stderr which. The lease ends with the last of its processes: what the command ' +
        'leaves running stays protected. Without a server it starts the per-user one; where there is none to be had it warns, and ' +
        'runs the command unprotected.',
    )
    .argument('<command...>', 'the command and its arguments; after -- where they look like options of run')
    .option('--label <text>', "a name for people (default: the command's)")
    .option('--reason <text>', 'why, for whoever is refused')
    .option('--nice <number>', 'priority, -20 to 19 (default: 10, or more where the caller has more)', (text) =>
      wholeNumber(text, 'nice value', -20, 19),
    )
    .option('--require', 'do not run it unprotected: exit with 69')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples('omnictl run --label cycles -- sh -c "echo working; sleep 1"', 'omnictl run --require --nice 0 -- sleep 1'),
    )
    .action(bind(run));
};

/** Runs a command under a lease. */
export async function run(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  const name = words[0] ?? '';
  if (name === '') throw new UsageError('run takes a command: omnictl run -- CMD...');
  const startedAt = new Date().toISOString();
  const command = await holdCommand(
    words,
    commandEnvironment(process.env),
    ignoredSignals(process.env[ignoredSignalsVariable]),
  );
  using _forwarding = forwardSignals(command);
  const label = options.label ?? basename(name).slice(0, bounds.labelCharsMax);
  const niceFailure = setNice(command.pid, options.nice);
  if (niceFailure !== undefined) context.output.note(`runs at its caller's priority: ${niceFailure}`);
  command.go(await markerOfLease(context, command, label, options));
  const ending = await command.ended;
  if (ending.signal !== null) {
    const kill = await findKill(context, command.pid, ending.signal, startedAt);
    context.output.note(endingWords(label, ending.signal, command.pid, kill));
  }
  return exitCodeOf(ending);
}

/**
 * Takes the lease while the command is held.
 *
 * @returns the secret that its tree is to carry; undefined where it is to run unprotected
 * @throws with --require where there is no lease to be had: then the command does not run
 */
async function markerOfLease(
  context: Context,
  command: HeldCommand,
  label: string,
  { reason, require: isRequired }: RunOptions,
): Promise<string | undefined> {
  const marker = createMarker();
  try {
    await using client = await connectOrStart(context);
    await client.call('lease.register', { pid: command.pid, label, marker, ...(reason === undefined ? {} : { reason }) });
    return marker;
  } catch (error) {
    // A Ctrl-C while it was held: its end is the news.
    if (command.hasEnded) return undefined;
    const { exitCode, text } = describeFailure(error);
    if (isRequired !== true) {
      context.output.note(`runs unprotected: ${text}`);
      return undefined;
    }
    command.cancel();
    throw new CliError(exitCode, `not run: ${text}`, error);
  }
}
