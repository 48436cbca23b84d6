import { pino, type Logger } from 'pino';
import { moveToOwnCgroup } from '#linux/own-cgroup.ts';
import { LineLog } from './line-log.ts';
import { readInvocation, usage, UsageError, type Invocation } from './options.ts';
import { packageVersion } from './package-files.ts';
import { Server } from './server.ts';

/** omnid's command line. Exit status: 0 ended as asked, 1 could not start, 2 usage. */
export async function main(): Promise<void> {
  let invocation;
  try {
    invocation = readInvocation(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`omnid: ${(error as Error).message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
    return;
  }
  if (invocation.kind === 'help') process.stdout.write(usage);
  else if (invocation.kind === 'version') process.stdout.write(`omnid ${packageVersion()}\n`);
  else await serve(invocation);
}

async function serve(invocation: Extract<Invocation, { kind: 'serve' }>): Promise<void> {
  const log = pino({ name: 'omnid', level: invocation.logLevel, base: { pid: process.pid } }, new LineLog(2));
  const { promise: stopAsked, resolve: stop } = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  process.on('SIGHUP', () => undefined);
  try {
    await using _server = await Server.start({
      ...invocation,
      log,
      onIdle: () => {
        stop('idle');
      },
    });
    if (invocation.scope === 'user') leaveCgroup(log);
    log.info({ reason: await keepAlive(stopAsked) }, 'stopping');
  } catch (error) {
    log.fatal({ err: error }, (error as Error).message);
    process.exitCode = 1;
  }
}

/**
 * A session's end takes its cgroup with it; a user's server, which serves more than that session, leaves it where it
 * may. The system's server stays in its unit.
 */
function leaveCgroup(log: Logger): void {
  const outcome = moveToOwnCgroup('omnid');
  log.debug({ outcome }, 'own cgroup');
}

/** Sockets and timers may be unreferenced: the server waits for its stop by a timer that only keeps the loop going. */
async function keepAlive(stopAsked: Promise<string>): Promise<string> {
  const timer = setInterval(() => undefined, 2 ** 30);
  try {
    return await stopAsked;
  } finally {
    clearInterval(timer);
  }
}

void main();
