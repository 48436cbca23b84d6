import { bounds } from '#protocol/bounds.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { escapeText } from '../output/escape.ts';
import { pidOption } from '../parse/number.ts';
import { signalOption } from '../parse/signal.ts';

const sigkill = 9;

interface MayKillOptions {
  readonly signal?: number;
}

export const define: Define = (command, bind) => {
  command
    .summary('ask whether processes may be killed')
    .description(
      'Exit code 0 only where the server positively allows the signal for every one of the processes; anything else, no ' +
        'server among it, is a no. The answer is about you: a process may always signal its own tree. Prints a line for each ' +
        'pid; with --json an array of Verdicts, with --quiet nothing.',
    )
    .argument('<pid...>', 'processes', (text: string, before: readonly number[] | undefined) => [
      ...(before ?? []),
      pidOption(text),
    ])
    .option('--signal <signal>', 'what you mean to send (default: KILL)', signalOption)
    .addHelpText(
      'after',
      examples(
        'omnictl may-kill "$PID" && kill -9 "$PID"',
        'omnictl may-kill --quiet --signal TERM "$PID" || echo "leave it alone"',
      ),
    )
    .action(bind(mayKill));
};

/** Asks for verdicts, and answers with the exit code. */
export async function mayKill(context: Context, pids: readonly number[], options: MayKillOptions): Promise<number> {
  const { signal = sigkill } = options;
  await using client = await connectTo(context.globals);
  const verdicts: Verdict[] = [];
  for (let from = 0; from < pids.length; from += bounds.checkTargetsMax) {
    const part = pids.slice(from, from + bounds.checkTargetsMax);
    verdicts.push(...(await client.call('protection.check', { pids: part, signal })));
  }
  report(context, verdicts);
  return allowsAll(verdicts, pids, signal) ? exitCodes.yes : exitCodes.no;
}

/** An answer that is missing, or about something else, allows nothing. */
function allowsAll(verdicts: readonly Verdict[], pids: readonly number[], signal: number): boolean {
  return pids.every((pid, index) => {
    const verdict = verdicts[index];
    return verdict?.allow === true && verdict.pid === pid && verdict.signal === signal;
  });
}

function report(context: Context, verdicts: readonly Verdict[]): void {
  if (context.globals.json) {
    context.output.json(verdicts);
    return;
  }
  for (const { pid, allow, rule, reason } of verdicts) {
    context.output.verdict(`${String(pid)} ${allow ? 'allow' : 'deny'} ${rule}: ${escapeText(reason)}`);
  }
}
