import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionLostError, type Client, type ServerInfo } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import type { Globals } from '../globals.ts';
import { reasonOf } from '../output/output.ts';
import { serverBounds } from './bounds.ts';
import { isListener } from './listener.ts';
import { processIsGone } from './process-gone.ts';

/**
 * Stops the server: SIGTERM, and waits until it has hung up and ended.
 *
 * @returns who it was
 * @throws CliError notPermitted for a server that is not the caller's to stop; tryAgain where it does not end in time
 */
export async function stopServer(globals: Globals): Promise<ServerInfo> {
  await using client = await connectTo(globals, { requestTimeoutMs: serverBounds.stopMsMax });
  const info = await client.call('server.info');
  checkRight(info, client.socketPath);
  // Checked over the open connection: while it is open the server lives, and its pid is no one else's.
  signal(info);
  const deadlineMs = performance.now() + serverBounds.stopMsMax;
  while (!(await hasHungUp(client)) || !processIsGone(info.pid)) {
    if (performance.now() > deadlineMs)
      throw new CliError(exitCodes.tryAgain, `omnid (pid ${String(info.pid)}) does not end: its log has the cause`);
    await sleep(serverBounds.startPollMs);
  }
  return info;
}

function checkRight(info: ServerInfo, socketPath: string): void {
  const uid = process.geteuid?.();
  if (uid !== 0 && (info.scope === 'system' || info.uid !== uid)) {
    throw new CliError(
      exitCodes.notPermitted,
      `the ${info.scope} server (uid ${String(info.uid)}) is not yours to stop: ask root`,
    );
  }
  if (!isListener(info.pid, socketPath)) {
    throw new CliError(
      exitCodes.notPermitted,
      `pid ${String(info.pid)} is not seen to listen on ${socketPath} from here (a container?): stop omnid where it runs`,
    );
  }
}

function signal(info: ServerInfo): void {
  try {
    process.kill(info.pid, 'SIGTERM');
  } catch (error) {
    throw new CliError(exitCodes.notPermitted, `cannot signal omnid (pid ${String(info.pid)}): ${reasonOf(error)}`, error);
  }
}

/** A server that stops still answers what is in flight: only the end of the connection says that it is over. */
async function hasHungUp(client: Client): Promise<boolean> {
  try {
    await client.call('server.status');
    return false;
  } catch (error) {
    return error instanceof ConnectionLostError;
  }
}
