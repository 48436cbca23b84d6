import { NoServerError, UntrustedServerError, type Client, type ServerInfo } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { readLocalFacts, type LocalFact } from '../doctor/local-facts.ts';
import { doctorScreen } from '../doctor/screen.ts';
import { exitCodes } from '../exit-code.ts';
import { describeFailure } from '../failure.ts';
import { examples } from '../help.ts';
import { versionWarning } from '../version.ts';

/** What `doctor` found; with --json this document. */
export interface DoctorReport {
  /** Absent where no server answers. */
  readonly info?: ServerInfo;
  /** Why there is no answer. */
  readonly failure?: string;
  /** What omnictl can see without a server. */
  readonly local: readonly LocalFact[];
}

export const define: Define = (command, bind) => {
  command
    .summary('what is enforced, and what to change for more')
    .description(
      'Tells which rungs of the ladder of protection the server stands on (advisory, sentinel, confine, guard), and for each ' +
        'missing one exactly what to change. Without a server it tells what it can see itself, and exits with 69. With --json ' +
        'prints {info?, failure?, local}: the ServerInfo, and facts {name, ok, found, fix?}.',
    )
    .addHelpText('after', examples('omnictl doctor', 'omnictl doctor --json'))
    .action(bind(doctor));
};

/** Looks at the server and at what is around omnictl. */
export async function doctor({ globals, output }: Context): Promise<number> {
  const { report, exitCode } = await examine(() => connectTo(globals), readLocalFacts(globals));
  if (report.failure !== undefined) output.note(report.failure);
  const warning = report.info === undefined ? undefined : versionWarning(report.info.version);
  if (warning !== undefined) output.note(warning);
  if (globals.json) output.json(report);
  else output.write(doctorScreen(report, output));
  return exitCode;
}

interface Finding {
  readonly report: DoctorReport;
  readonly exitCode: number;
}

/** No server, or one that is not to be trusted, is a finding. Any other failure is one. */
async function examine(open: () => Promise<Client>, local: readonly LocalFact[]): Promise<Finding> {
  try {
    await using client = await open();
    return { report: { info: await client.call('server.info'), local }, exitCode: exitCodes.yes };
  } catch (error) {
    if (!(error instanceof NoServerError) && !(error instanceof UntrustedServerError)) throw error;
    const { exitCode, text } = describeFailure(error);
    return { report: { failure: text, local }, exitCode };
  }
}
