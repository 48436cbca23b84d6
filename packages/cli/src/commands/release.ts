import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { leaseOption } from '../parse/lease.ts';
import { pidOption } from '../parse/number.ts';

interface ReleaseOptions {
  readonly pid?: number;
}

export const define: Define = (command, bind) => {
  command
    .summary('end a lease')
    .description(
      'Ends a lease: the one with this id, or the innermost one that covers a process. Exit code 1 where there is none. ' +
        'With --json prints the Lease as it ended.',
    )
    .argument('[lease]', 'the id that register printed', leaseOption)
    .option('--pid <pid>', 'release what protects this process', pidOption)
    .addHelpText('after', examples('omnictl release "$LEASE"', 'omnictl release --pid "$PID"'))
    .action(bind(release));
};

/** Releases a lease, named by itself or by a process. */
export async function release(context: Context, leaseId: string | undefined, options: ReleaseOptions): Promise<number> {
  if ((leaseId === undefined) === (options.pid === undefined)) {
    throw new UsageError('release takes a lease or --pid, one of the two');
  }
  const params = leaseId === undefined ? {} : { leaseId };
  const { pid } = options;
  await using client = await connectTo(context.globals);
  const lease = await client.call('lease.release', pid === undefined ? params : { pid });
  if (context.globals.json) context.output.json(lease);
  else context.output.verdict(`${lease.id} ${lease.state}`);
  return exitCodes.yes;
}
