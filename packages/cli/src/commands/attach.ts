import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { CliError, UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { leaseOption } from '../parse/lease.ts';
import { isOnTerminal } from '../run/on-terminal.ts';

export const define: Define = (command, bind) => {
  command
    .summary('come back to a command that run started on a terminal')
    .description(
      'Shows the terminal of a command that was started by run on one, which may have been closed since: what it printed last, ' +
        'and from then on all. What is typed is its own, as are the size of the terminal and signals. Ends as run would; a closed ' +
        'terminal, or a SIGHUP, leaves the command running. Several may be attached at once. The holder of its terminal (omnictl ' +
        'hold-terminal) must stay: when that is killed, the command is hung up.',
    )
    .argument('<lease>', 'the id of the lease that run took: omnictl list shows it', leaseOption)
    .addHelpText('after', examples('omnictl attach "$LEASE" || :  # ends as the command does'))
    .action(bind(attach));
};

/** Attaches to a command's terminal. */
export async function attach(context: Context, leaseId: string): Promise<number> {
  if (!/^ls-[a-z0-9]+$/.test(leaseId)) throw new UsageError(`'${leaseId}' is no id of a lease: omnictl list shows them`);
  const { attachTo, findHolder } = await import('../run/terminal/attach-to.ts');
  const holder = await findHolder(leaseId);
  if (holder === undefined) throw new CliError(exitCodes.no, `nothing to attach to: ${await whyNot(context, leaseId)}`);
  if (!isOnTerminal()) {
    holder.destroy();
    throw new UsageError('attach shows a terminal, and needs one: standard input, output and error');
  }
  return await attachTo(context, holder);
}

/** What the server knows of the lease. */
async function whyNot({ globals }: Context, leaseId: string): Promise<string> {
  try {
    await using client = await connectTo(globals);
    const lease = await client.call('lease.get', { leaseId });
    if (lease.state !== 'active') return `the lease has ended: ${lease.state}`;
    return "it was not started by 'omnictl run' on a terminal of this user, or its holder was killed";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
