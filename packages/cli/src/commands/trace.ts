import { NoServerError, type Client } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { CliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { examples } from '../help.ts';
import { parseDuration } from '../parse/duration.ts';
import { signalListOption } from '../parse/signal.ts';
import { Trace, tracePrinter } from '../trace/trace.ts';
import { exitCodeOf, NotStarted, startTraced } from '../trace/traced-command.ts';
import { machineEnd, timeOut } from '../trace/trace-end.ts';
import { seenByServer } from '../trace/seen-by.ts';

const stdoutFd = 1;
const stderrFd = 2;

/** A server that is gone at the end is waited for no longer than this. */
const connection = { reconnect: true, connectTimeoutMs: 2_000 };

interface TraceOptions {
  readonly signal?: readonly number[];
  readonly duration?: number;
}

export const define: Define = (command, bind) => {
  command
    .summary('signals as they happen, and a summary of who sent them')
    .description(
      'Shows the signals that end or stop processes, as they happen, and at the end how many there were, who sent them and to whom: ' +
        'for a command and its tree (sent to it and by it), or for the machine, until Ctrl-C. With the sentinel it sees every such ' +
        'signal; without, the kills that go through the server, and how the command itself ended: it says which. The command runs as ' +
        'it would without; the trace is printed on stderr then, and ends with the command’s own exit code, 128 + the signal ' +
        'where one ended it. Without a command: exit code 1 where nothing was seen. With --json prints a line each: {kind: start}, ' +
        '{kind: event, event: SignalEvent}, {kind: summary}; they go to stdout, and what the command prints goes to stderr.',
    )
    .argument('[command...]', 'the command and its arguments; after -- where they look like options of trace')
    .option('--signal <signals>', 'these signals alone, as KILL,TERM', signalListOption)
    .option('--duration <duration>', 'end the trace after this long; a command goes on', parseDuration)
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        "omnictl trace -- sh -c 'sleep 100 & kill -9 $!; wait; echo done'",
        'omnictl trace --signal KILL --duration 500ms || echo "no SIGKILL in half a second"',
      ),
    )
    .action(bind(trace));
};

/** Traces a command, or the machine. */
export async function trace(context: Context, words: readonly string[], options: TraceOptions): Promise<number> {
  return words.length === 0 ? await traceMachine(context, options) : await traceCommand(context, words, options);
}

async function traceMachine(context: Context, { signal, duration }: TraceOptions): Promise<number> {
  await using client = await connectTo(context.globals, connection);
  const traced = await Trace.start(tracePrinter(context, stdoutFd), client, await seenByServer(client), signal);
  using end = machineEnd(duration);
  const summary = await traced.run(end.promise);
  return summary.signals.length > 0 ? exitCodes.yes : exitCodes.no;
}

async function traceCommand(context: Context, words: readonly string[], { signal, duration }: TraceOptions): Promise<number> {
  await using client = await connectOrNot(context);
  const printer = tracePrinter(context, context.globals.json ? stdoutFd : stderrFd);
  const seenBy = client === undefined ? 'wait' : await seenByServer(client);
  const traced = await Trace.start(printer, client, seenBy, signal);
  using command = await startOrFail(words, context.globals.json ? stderrFd : stdoutFd);
  using time = timeOut(duration);
  await traced.run(Promise.race([command.ended, time.promise]), command);
  return exitCodeOf(await command.ended);
}

/** A command is run without a server too: how it ends is known. */
async function connectOrNot({ globals }: Context): Promise<Client | undefined> {
  try {
    return await connectTo(globals, connection);
  } catch (error) {
    if (error instanceof NoServerError) return undefined;
    throw error;
  }
}

async function startOrFail(words: readonly string[], fd: number): ReturnType<typeof startTraced> {
  try {
    return await startTraced(words, fd);
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error;
    throw new CliError(error.exitCode as ExitCode, error.message, error);
  }
}
