import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { exportRows } from '../history/export.ts';
import { outcomes, queryOf, sources, type FilterOptions } from '../history/filters.ts';
import { fileSink } from '../history/file-sink.ts';
import { followRows } from '../history/follow.ts';
import { formatNames, type FormatName, type RowFormat } from '../history/format.ts';
import { csvFormat } from '../history/csv-format.ts';
import { readPages } from '../history/pages.ts';
import { jsonFormat, ndjsonFormat } from '../history/json-format.ts';
import { stdoutSink, type Sink } from '../history/sink.ts';
import { keepHeapSmall } from '../history/small-heap.ts';
import { tableFormat } from '../history/table-format.ts';
import { progress } from '../output/progress.ts';
import { leaseOption } from '../parse/lease.ts';
import { limitOption, pidOption, pidOrComm } from '../parse/number.ts';
import { signalOption } from '../parse/signal.ts';
import { parseTime } from '../parse/time.ts';

const tableRowsDefault = 100;
const followRowsDefault = 10;

interface HistoryOptions extends FilterOptions {
  readonly limit?: number;
  readonly follow?: boolean;
  readonly format?: FormatName;
  readonly output?: string;
}

export const define: Define = (command, bind) => {
  const time = (text: string): string => parseTime(text, Date.now());
  command
    .summary('who killed whom, and what became of leases')
    .description(
      'Prints what was recorded, newest first: signals with their sender and target, and the life of leases. Exit code 1 where ' +
        'nothing matches. Times are ISO 8601, or how long ago as 1h. Without --limit a table has the newest 100 rows (--follow: ' +
        'begins with 10), and the other formats have all. With --json prints an array of SignalEvents, with --follow one a line.',
    )
    .option('--signal <signal>', 'this signal: 9, KILL or SIGKILL', signalOption)
    .option('--pid <pid>', 'sent by or to this process', pidOption)
    .option('--sender <pid or name>', 'sent by this process, or by one of this name (comm)', pidOrComm)
    .option('--target <pid or name>', 'sent to this process, or to one of this name (comm)', pidOrComm)
    .option('--lease <lease>', 'about this lease', leaseOption)
    .addOption(command.createOption('--outcome <outcome>', 'that went like this').choices(outcomes))
    .addOption(
      command
        .createOption(
          '--source <source>',
          'who recorded it: the kernel observer, kills through the server, leases, or the server itself',
        )
        .choices(sources),
    )
    .option('--since <time>', 'from this time on', time)
    .option('--until <time>', 'before this time', time)
    .option('--limit <rows>', 'the newest of them', limitOption)
    .option('--follow', 'go on with what comes, oldest first')
    .addOption(
      command
        .createOption('--format <format>', 'csv and table escape hostile names; json and ndjson are exact')
        .choices(formatNames),
    )
    .option('--output <file>', 'write there, all or nothing')
    .addHelpText(
      'after',
      examples(
        'omnictl history --signal 9',
        'omnictl history --since 1h --target "$PID"',
        'omnictl history --format csv --output kills.csv',
        'omnictl history --signal KILL --follow',
      ),
    )
    .addHelpText('after', csvHelp)
    .action(bind(history));
};

const csvHelp = `
In tables and CSV, control characters of names are written as \\n or \\x1b, a backslash as \\\\. In CSV a text that a
spreadsheet would calculate (it begins with = + - or @) has an apostrophe before it.`;

/** Prints the history, or follows it. */
export async function history(context: Context, options: HistoryOptions): Promise<number> {
  checkOptions(context, options);
  return options.follow === true ? await follow(context, options) : await print(context, options);
}

function checkOptions({ globals }: Context, { follow: isFollowing, format, output, until }: HistoryOptions): void {
  if (globals.json && format !== undefined && format !== 'json' && format !== 'ndjson') {
    throw new UsageError(`--json and --format ${format} contradict each other: use one of them`);
  }
  if (isFollowing !== true) return;
  if (format === 'json') throw new UsageError('--follow has no end, and a JSON array has one: use --format ndjson');
  if (output !== undefined) throw new UsageError('--output writes when all is there, and --follow has no end: redirect stdout');
  if (until !== undefined) throw new UsageError('--follow has no end: leave --until away');
}

async function print(context: Context, options: HistoryOptions): Promise<number> {
  const name = options.format ?? (context.globals.json ? 'json' : 'table');
  const isOnTerminal = options.output === undefined ? context.output.columns : undefined;
  const limit = options.limit ?? (name === 'table' ? tableRowsDefault : undefined);
  if (name !== 'table') keepHeapSmall();
  const pages = readPages(context.globals.socket, queryOf(options), limit);
  using sink = options.output === undefined ? stdoutSink(context.output) : fileSink(options.output);
  const count = await exportWithProgress(context, sink, async (onRows) => {
    return await exportRows(pages, createFormat(name, isOnTerminal), sink, onRows);
  });
  if (count > 0) sink.finish();
  else context.output.note('nothing in the history matches');
  return count > 0 ? exitCodes.yes : exitCodes.no;
}

/** A terminal that shows the rows shows how it goes; a pipe leads to a program that may be on the terminal. */
async function exportWithProgress(
  { output }: Context,
  sink: Sink,
  work: (onRows: (count: number) => void) => Promise<number>,
): Promise<number> {
  let rows = 0;
  using _writing = sink.isFile ? progress(output, () => `${rows.toLocaleString('en')} rows written`) : undefined;
  return await work((count) => {
    rows = count;
  });
}

async function follow({ globals, output }: Context, options: HistoryOptions): Promise<number> {
  const format = createFormat(options.format ?? (globals.json ? 'ndjson' : 'table'), output.columns);
  await using client = await connectTo(globals, { reconnect: true });
  let isStarted = false;
  for await (const events of followRows(client, options, options.limit ?? followRowsDefault)) {
    let text = isStarted ? '' : format.start;
    format.rows(
      events.map((event) => JSON.stringify(event)),
      (piece) => (text += piece),
    );
    output.write(text);
    isStarted = true;
    if (output.closed) break;
  }
  return exitCodes.yes;
}

function createFormat(name: FormatName, columns: number | undefined): RowFormat {
  switch (name) {
    case 'table':
      return tableFormat(columns);
    case 'json':
      return jsonFormat(columns !== undefined);
    case 'ndjson':
      return ndjsonFormat(columns !== undefined);
    case 'csv':
      return csvFormat();
  }
}
