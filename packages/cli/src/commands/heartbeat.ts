import type { Context } from '../context.ts';
import { connectTo } from '../connect.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { formatTime } from '../output/units.ts';
import { leaseOption } from '../parse/lease.ts';

export const define: Define = (command, bind) => {
  command
    .summary('tell that a lease is still needed')
    .description(
      'The proof of life of a heartbeat lease: it lives for another ttl. Exit code 1 where the lease has ended, or never was. ' +
        'With --json prints the Lease.',
    )
    .argument('<lease>', 'the id that register printed', leaseOption)
    .addHelpText('after', examples('omnictl heartbeat "$LEASE"', 'omnictl heartbeat "$LEASE" || echo "protection has ended"'))
    .action(bind(heartbeat));
};

/** Renews a lease. */
export async function heartbeat(context: Context, leaseId: string): Promise<number> {
  await using client = await connectTo(context.globals);
  const lease = await client.call('lease.renew', { leaseId });
  if (context.globals.json) context.output.json(lease);
  else if (lease.expiresAt !== null) context.output.verdict(`${lease.id} expires at ${formatTime(lease.expiresAt)}`);
  else context.output.verdict(`${lease.id} is active and does not expire`);
  return exitCodes.yes;
}
