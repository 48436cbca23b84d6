import type { ExplainParams } from '#protocol/explanation.ts';
import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { whyScreen } from '../output/why-screen.ts';
import { leaseOption } from '../parse/lease.ts';
import { pidOption } from '../parse/number.ts';

interface WhyOptions {
  readonly last?: boolean;
  readonly startTicks?: string;
}

export const define: Define = (command, bind) => {
  command
    .summary('how a process ended, and why')
    .description(
      'Explains a death: by which signal or exit code, who sent it, what came before, what the lease did, the memory at that ' +
        'moment, and what is not known, with the reason. The first line is the answer. A pid means the process that has it, or had ' +
        'it last. Exit code 1 where there never was such a process. With --json prints the Explanation.',
    )
    .argument('[pid or lease]', 'the process, or the lease of whose root is asked')
    .option('--last', 'the last death that was recorded')
    .option('--start-ticks <ticks>', 'of several processes that had the pid, the one that started then', startTicksOption)
    .addHelpText('after', examples('omnictl why "$PID"', 'omnictl why "$LEASE"', 'omnictl why --last --json'))
    .action(bind(why));
};

/** Explains how a process ended. */
export async function why(context: Context, subject: string | undefined, options: WhyOptions): Promise<number> {
  const params = paramsOf(subject, options);
  await using client = await connectTo(context.globals);
  const explanation = await client.call('process.explain', params);
  if (context.globals.json) context.output.json(explanation);
  else context.output.write(whyScreen(explanation, context.output));
  return explanation.ending.kind === 'unseen' ? exitCodes.no : exitCodes.yes;
}

function paramsOf(subject: string | undefined, { last, startTicks }: WhyOptions): ExplainParams {
  if ((subject === undefined) === (last !== true)) {
    throw new UsageError('why takes a pid, a lease or --last, one of the three');
  }
  const isPid = subject !== undefined && /^[+-]?\d+$/.test(subject);
  if (startTicks !== undefined && !isPid) throw new UsageError('--start-ticks goes with a pid');
  if (subject === undefined) return { last: true };
  if (!isPid) return { leaseId: leaseOption(subject) };
  return { pid: pidOption(subject), ...(startTicks === undefined ? {} : { startTicks }) };
}

function startTicksOption(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text;
  throw new UsageError(`'${text}' is no start time: write the whole number that 'omnictl why' told (/proc/PID/stat, field 22)`);
}
