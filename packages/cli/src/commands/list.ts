import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { leaseUsageTable } from '../output/lease-table.ts';
import { styled } from '../output/style.ts';
import { readLeases } from '../usage/read-leases.ts';
import { readProtected, usageByLease } from '../usage/tree-usage.ts';

interface ListOptions {
  readonly all?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary('the leases, and what their trees use')
    .description(
      'Lists the active leases, newest first, with their live members, and the CPU (of one core, averaged over the life of each ' +
        'process, as ps shows it) and resident memory of each tree. A root that is gone while its children go on is marked. ' +
        'With --json prints an array of Leases, each with usage: {pids, cpuPercent, memoryBytes}, or null where it has no live process.',
    )
    .option('--all', 'leases that have ended too, while the history keeps them')
    .addHelpText('after', examples('omnictl list', 'omnictl list --all --json'))
    .action(bind(list));
};

/** Lists leases. */
export async function list({ globals, output }: Context, options: ListOptions): Promise<number> {
  const withEnded = options.all === true;
  await using client = await connectTo(globals);
  const [leases, processes] = await Promise.all([readLeases(client, withEnded ? 'any' : 'active'), readProtected(client)]);
  const usage = usageByLease(leases, processes);
  const rows = leases.map((lease) => ({ ...lease, usage: usage.get(lease.id) ?? null }));
  if (globals.json) {
    output.json(rows);
  } else if (rows.length === 0) {
    output.note('no leases');
  } else {
    const [head = '', ...lines] = leaseUsageTable(rows, output.columns, Date.now(), withEnded);
    output.write(`${[styled(output, 'bold', head), ...lines].join('\n')}\n`);
  }
  return exitCodes.yes;
}
