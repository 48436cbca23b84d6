import { NoServerError, userSocketPath } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import type { Globals } from '../globals.ts';
import { examples } from '../help.ts';
import type { Output } from '../output/output.ts';
import { progress } from '../output/progress.ts';
import { escapeText } from '../output/escape.ts';
import { formatTime } from '../output/units.ts';
import { socketToServe, startServer } from '../server/start-server.ts';
import { stopServer } from '../server/stop-server.ts';
import { versionWarning } from '../version.ts';

export const define: Define = (command, bind) => {
  command
    .helpCommand(false)
    .summary("the per-user server's life")
    .description(
      "Looks at, stops or restarts the per-user server (or the one on --socket). The system's belongs to the service manager. " +
        'register and run start the per-user server by themselves. Leases outlive a restart.',
    )
    .addHelpText('after', examples('omnictl server status', 'omnictl server restart'));
  command
    .command('status')
    .summary('who answers')
    .description('Who answers on the socket. Exit code 69 where nobody does. With --json prints the ServerInfo.')
    .addHelpText('after', examples('omnictl server status'))
    .action(bind(serverStatus));
  command
    .command('stop')
    .summary('end it')
    .description(
      'Stops the server: it answers what is in flight, writes, and ends. With --json prints the ServerInfo of what was stopped.',
    )
    .addHelpText('after', examples('omnictl server stop'))
    .action(bind(serverStop));
  command
    .command('restart')
    .summary('end it and start the one of this version')
    .description('Stops the server where one runs, and starts the one of this version. With --json prints the new ServerInfo.')
    .addHelpText('after', examples('omnictl server restart'))
    .action(bind(serverRestart));
};

/** These verbs are about the user's own server, also where the system's answers. */
function ownSocket(globals: Globals): Globals {
  const socket = globals.socket ?? process.env['OMNIMIND_SOCKET'];
  return { ...globals, socket: socket === undefined || socket === '' ? userSocketPath() : socket };
}

async function serverStatus({ globals, output }: Context): Promise<number> {
  await using client = await connectTo(ownSocket(globals));
  const info = await client.call('server.info');
  const warning = versionWarning(info.version);
  if (warning !== undefined) output.note(warning);
  if (globals.json) output.json(info);
  else {
    const since = formatTime(info.startedAt);
    output.line(
      `omnid ${escapeText(info.version)}, ${info.scope} server, pid ${String(info.pid)}, since ${since}, on ${escapeText(client.socketPath)}`,
    );
  }
  return exitCodes.yes;
}

async function serverStop({ globals, output }: Context): Promise<number> {
  const info = await waiting(output, 'end', () => stopServer(ownSocket(globals)));
  if (globals.json) output.json(info);
  else output.verdict(`stopped omnid (pid ${String(info.pid)})`);
  return exitCodes.yes;
}

async function serverRestart({ globals, output }: Context): Promise<number> {
  const own = ownSocket(globals);
  // First: what could not be started again is not stopped.
  socketToServe(own);
  await stopIfRunning(own, output);
  await using client = await waiting(output, 'start', () => startServer(own));
  const info = await client.call('server.info');
  if (globals.json) output.json(info);
  else output.verdict(`started omnid ${escapeText(info.version)} (pid ${String(info.pid)})`);
  return exitCodes.yes;
}

async function stopIfRunning(globals: Globals, output: Output): Promise<void> {
  try {
    await waiting(output, 'end', () => stopServer(globals));
  } catch (error) {
    if (!(error instanceof NoServerError)) throw error;
  }
}

async function waiting<Result>(output: Output, what: 'start' | 'end', work: () => Promise<Result>): Promise<Result> {
  using _waiting = progress(output, () => `waits for omnid to ${what}`);
  return await work();
}
