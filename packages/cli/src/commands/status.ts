import type { Lease, ProtectionRule, ServerStatus, SignalEvent } from '#client/index.ts';
import { askAtOnce } from '../ask-at-once.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { statusScreen } from '../output/status-screen.ts';
import { versionWarning } from '../version.ts';

const leasesShown = 5;
const killsShown = 5;

/** What `status` shows; with --json this document. */
export interface StatusReport {
  readonly socket: string;
  readonly status: ServerStatus;
  /** The newest active leases. */
  readonly leases: readonly Lease[];
  /** The automatic rules that cover something. */
  readonly rules: readonly ProtectionRule[];
  /** The newest kills through the server. */
  readonly kills: readonly SignalEvent[];
}

export const define: Define = (command, bind) => {
  command
    .summary('one screen: server, protection, memory, last kills')
    .description(
      'Shows the server, what is enforced, what is protected, how the machine does, and the last kills through the server. ' +
        'With --json prints {socket, status, leases, rules, kills}: the ServerStatus, the newest five active Leases, the ProtectionRules ' +
        'that cover something, the newest five SignalEvents.',
    )
    .addHelpText('after', examples('omnictl status', 'omnictl status --json'))
    .action(bind(status));
};

/** Shows how things stand. */
export async function status({ globals, output }: Context): Promise<number> {
  const { socketPath, answers } = await askAtOnce(globals.socket, [
    { method: 'server.status', params: {} },
    { method: 'lease.list', params: { limit: leasesShown } },
    { method: 'protection.rules', params: {} },
    { method: 'history.query', params: { source: 'mediated', limit: killsShown } },
  ]);
  const [serverStatus, { leases }, { rules: allRules }, { events: kills }] = answers;
  const rules = allRules.filter(({ processes }) => processes > 0);
  const report: StatusReport = { socket: socketPath, status: serverStatus, leases, rules, kills };
  const warning = versionWarning(serverStatus.version);
  if (warning !== undefined) output.note(warning);
  if (globals.json) output.json(report);
  else output.write(statusScreen(report, output, Date.now()));
  return exitCodes.yes;
}
