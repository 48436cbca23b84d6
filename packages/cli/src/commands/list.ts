import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { leaseUsageTable } from '../output/lease-table.ts';
import { coveredTable, ruleTable } from '../output/rule-table.ts';
import type { Output } from '../output/output.ts';
import { styled } from '../output/style.ts';
import { readLeases } from '../usage/read-leases.ts';
import { readProtected, usageByLease } from '../usage/tree-usage.ts';

interface ListOptions {
  readonly all?: boolean;
  readonly rules?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary('what is protected: leases, and what rules cover')
    .description(
      'Lists the active leases, newest first, with their live members, and the CPU (of one core, averaged over the life of each ' +
        'process, as ps shows it) and resident memory of each tree; where run made a cgroup, what that counts. A root that is gone while its children go on is marked. ' +
        'Then the trees that automatic rules cover, and which key of the rule fitted. ' +
        'With --json prints an array of Leases, each with usage: {pids, cpuPercent, memoryBytes}, or null where it has no live process. ' +
        'With --rules it shows all rules and how many processes each covers; with --json too, an array of ProtectionRules.',
    )
    .option('--all', 'leases that have ended too, while the history keeps them')
    .option('--rules', 'the automatic protection rules instead of leases')
    .addHelpText('after', examples('omnictl list', 'omnictl list --all --json', 'omnictl list --rules'))
    .action(bind(list));
};

/** Lists leases, and what rules cover. */
export async function list(context: Context, options: ListOptions): Promise<number> {
  if (options.rules === true) return listRules(context);
  const { globals, output } = context;
  const withEnded = options.all === true;
  await using client = await connectTo(globals);
  const [leases, processes, { rules }] = await Promise.all([
    readLeases(client, withEnded ? 'any' : 'active'),
    readProtected(client),
    client.call('protection.rules', {}),
  ]);
  const usage = usageByLease(leases, processes);
  const rows = leases.map((lease) => ({ ...lease, usage: usage.get(lease.id) ?? null }));
  if (globals.json) {
    output.json(rows);
    return exitCodes.yes;
  }
  if (rows.length === 0) output.note('no leases');
  else writeTable(output, leaseUsageTable(rows, output.columns, Date.now(), withEnded));
  const covered = coveredTable(rules, output.columns);
  if (covered.length > 0) writeTable(output, covered, rows.length > 0);
  return exitCodes.yes;
}

async function listRules({ globals, output }: Context): Promise<number> {
  await using client = await connectTo(globals);
  const { rules } = await client.call('protection.rules', {});
  if (globals.json) output.json(rules);
  else writeTable(output, ruleTable(rules, output.columns));
  return exitCodes.yes;
}

/** @param apart an empty line comes before it */
function writeTable(output: Output, [head = '', ...lines]: readonly string[], apart = false): void {
  output.write(`${apart ? '\n' : ''}${[styled(output, 'bold', head), ...lines].join('\n')}\n`);
}
