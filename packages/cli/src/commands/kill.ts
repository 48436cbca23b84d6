import type { Client } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';
import type { TerminateParams, TerminateResult } from '#protocol/process.ts';
import { signalName } from '#protocol/signals.ts';
import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { progress } from '../output/progress.ts';
import { formatDuration } from '../output/units.ts';
import { parseDuration } from '../parse/duration.ts';
import { pidOption } from '../parse/number.ts';
import { signalOption } from '../parse/signal.ts';

const sigterm = 15;

interface KillOptions {
  readonly signal?: number;
  readonly grace?: number;
  readonly escalate: boolean;
  readonly reason?: string;
  readonly override?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary('end a process, unless it is protected')
    .description(
      'The mediated kill: the server looks whether the signal is allowed, sends it, waits for the grace, looks again, sends ' +
        'SIGKILL, and records who asked and how it ended. Prints the outcome: exited, killed (exit code 0), denied or survived ' +
        '(exit code 1). With --json prints {outcome, verdict}.',
    )
    .argument('<pid>', 'the process', pidOption)
    .option('--signal <signal>', 'the first signal (default: TERM)', signalOption)
    .option('--grace <duration>', 'how long the process has to end by itself (default: 10s)', parseDuration)
    .option('--no-escalate', 'no SIGKILL after the grace')
    .option('--reason <text>', 'why, for the history')
    .option('--override', 'pass over your own leases (root: any), and rules; recorded as such')
    .addHelpText('after', examples('omnictl kill "$PID"', 'omnictl kill "$PID" --grace 2s --reason "memory is short"'))
    .action(bind(kill));
};

/** Has the server end a process. */
export async function kill(context: Context, pid: number, options: KillOptions): Promise<number> {
  const { signal = sigterm } = options;
  if (signal === 0) throw new UsageError("signal 0 ends nothing: 'omnictl may-kill --signal 0' asks about it");
  await using client = await connectTo(context.globals);
  const result = await terminate(context, client, pid, signal, options);
  report(context, pid, signal, result);
  return result.outcome === 'exited' || result.outcome === 'killed' ? exitCodes.yes : exitCodes.no;
}

async function terminate(
  { output }: Context,
  client: Client,
  pid: number,
  signal: number,
  options: KillOptions,
): Promise<TerminateResult> {
  const started = performance.now();
  const grace = options.grace ?? bounds.graceMsDefault;
  using _waiting = progress(output, () => {
    return `waits for ${String(pid)} to end: ${formatDuration(performance.now() - started)}, ${formatDuration(grace)} of grace`;
  });
  return await client.call('process.terminate', paramsOf(pid, signal, options));
}

function paramsOf(pid: number, signal: number, options: KillOptions): TerminateParams {
  const { grace, escalate, reason, override } = options;
  return {
    pid,
    signal,
    ...(grace === undefined ? {} : { graceMs: grace }),
    // Absent is the server's own choice by the signal; the option can only forbid it.
    ...(escalate ? {} : { escalate: false }),
    ...(reason === undefined ? {} : { reason }),
    ...(override === true ? { override } : {}),
  };
}

function report(context: Context, pid: number, signal: number, { outcome, verdict }: TerminateResult): void {
  if (context.globals.json) context.output.json({ outcome, verdict });
  else context.output.verdict(outcome);
  if (outcome === 'denied') context.output.note(`${String(pid)} was not sent ${signalName(signal)}: ${verdict.reason}`);
}
