import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { parseDuration } from '../parse/duration.ts';
import { wholeNumber } from '../parse/number.ts';
import { TopFeed } from '../top/feed.ts';
import { LiveTop } from '../top/live.ts';
import { topScreen } from '../top/screen.ts';
import { startState } from '../top/view-state.ts';

const intervalMsDefault = 2_000;
const intervalMsMin = 100;

interface TopOptions {
  readonly interval?: number;
  readonly count?: number;
}

export const define: Define = (command, bind) => {
  command
    .summary('a live view: leases, what their trees use, kills, memory')
    .description(
      "Shows, again and again, the leases with their trees' CPU (of one core, since the last look) and memory, the last kills, and " +
        'how short memory is. Keys: ? shows them, q quits. Without a terminal it prints one screen of plain text, of all leases, with ' +
        '--count more. With --json prints a line at each look: {at, status, rows, kills}, each row a lease with its processes.',
    )
    .option('--interval <duration>', 'between two looks (default: 2s)', parseDuration)
    .option('--count <number>', 'end after so many looks', (text) =>
      wholeNumber(text, 'number of looks', 1, Number.MAX_SAFE_INTEGER),
    )
    .addHelpText('after', examples('omnictl top', 'omnictl top --json --count 2 --interval 500ms'))
    .action(bind(top));
};

/** Shows what goes on. */
export async function top(context: Context, { interval = intervalMsDefault, count }: TopOptions): Promise<number> {
  if (interval < intervalMsMin)
    throw new UsageError(`--interval is at least ${String(intervalMsMin)}ms: looking costs something too`);
  await using client = await connectTo(context.globals, { reconnect: true, connectTimeoutMs: Math.max(500, interval) });
  const feed = new TopFeed(client);
  const { globals, output } = context;
  if (!globals.json && output.columns !== undefined) {
    using live = new LiveTop(context, feed);
    await live.run(interval, count ?? Infinity);
    return exitCodes.yes;
  }
  const looks = count ?? (globals.json ? Infinity : 1);
  for (let look = 1; ; look += 1) {
    const model = await feed.read();
    if (globals.json) output.json(model);
    else
      output.write(`${topScreen(model, startState, output, { columns: undefined, rows: undefined }, Date.now()).join('\n')}\n`);
    if (look >= looks || output.closed) return exitCodes.yes;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
