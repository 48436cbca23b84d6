import type { RegisterParams } from '#protocol/lease.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { parseDuration } from '../parse/duration.ts';
import { pidOption, priorityOption } from '../parse/number.ts';
import { signalListOption } from '../parse/signal.ts';
import { connectOrStart } from '../server/connect-or-start.ts';

interface RegisterOptions {
  readonly pid?: number;
  readonly label?: string;
  readonly reason?: string;
  readonly ttl?: number;
  readonly max?: number;
  readonly heartbeat?: boolean;
  readonly processOnly?: boolean;
  readonly guard?: boolean;
  readonly strict?: boolean;
  readonly forbid?: readonly number[];
  readonly priority?: number;
}

export const define: Define = (command, bind) => {
  command
    .summary('protect a process and its children')
    .description(
      'Protects a process, and all its descendants, for as long as any of them lives; prints the lease id alone (with --json ' +
        'the Lease). Starts the per-user server where none answers. The same process registered again keeps its lease, with the ' +
        'new terms.',
    )
    .option('--pid <pid>', 'the process; default: the parent of omnictl. In a script, --pid $$ says what is meant', pidOption)
    .option('--label <text>', 'a name for people')
    .option('--reason <text>', 'why, for whoever is refused')
    .option('--ttl <duration>', 'end this long after the last heartbeat (implies --heartbeat)', parseDuration)
    .option('--max <duration>', 'end after this long, whatever happens', parseDuration)
    .option('--heartbeat', "end where 'omnictl heartbeat' stays away (for 30s, without --ttl)")
    .option('--process-only', 'not its descendants')
    .option('--guard', 'have the kernel enforce it; refused where the server has no guard')
    .option('--strict', 'no exceptions for ancestors, with --guard')
    .option('--forbid <signals>', 'which signals, as KILL,TERM (default: KILL,STOP,TERM,INT,QUIT,HUP,ABRT)', signalListOption)
    .option('--priority <number>', 'higher is picked later when the machine must be relieved (default: 0)', priorityOption)
    .addHelpText(
      'after',
      examples(
        'omnictl register --pid $$',
        'LEASE=$(omnictl register --pid $$ --label cycles --reason "500 cycles, do not disturb")',
        'omnictl register --pid $$ --ttl 30s --max 24h',
      ),
    )
    .action(bind(register));
};

/** Takes a lease on a process. */
export async function register(context: Context, options: RegisterOptions): Promise<number> {
  const params = registerParams(options, process.ppid);
  await using client = await connectOrStart(context);
  const lease = await client.call('lease.register', params);
  if (context.globals.json) context.output.json(lease);
  else context.output.line(lease.id);
  return exitCodes.yes;
}

/**
 * What the options ask of the server.
 *
 * @param parentPid the process that called omnictl
 */
export function registerParams(options: RegisterOptions, parentPid: number): RegisterParams {
  const { pid = parentPid, label, reason, ttl, max, forbid, priority } = options;
  if (options.pid === undefined && parentPid <= 1) {
    throw new UsageError('the process that called omnictl is gone: name one with --pid');
  }
  const isHeartbeat = options.heartbeat === true || ttl !== undefined;
  return {
    pid,
    renewal: isHeartbeat ? 'heartbeat' : 'process',
    ...(label === undefined ? {} : { label }),
    ...(reason === undefined ? {} : { reason }),
    ...(ttl === undefined ? {} : { ttlMs: ttl }),
    ...(max === undefined ? {} : { maxMs: max }),
    ...(options.processOnly === true ? { scope: 'process' } : {}),
    ...(options.guard === true ? { guard: true } : {}),
    ...(options.strict === true ? { strict: true } : {}),
    ...(forbid === undefined ? {} : { forbiddenSignals: [...forbid] }),
    ...(priority === undefined ? {} : { priority }),
  };
}
