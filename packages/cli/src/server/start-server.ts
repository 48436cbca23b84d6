import { closeSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConnectionLostError, NoServerError, ProtocolError, userSocketPath, type Client } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import type { Globals } from '../globals.ts';
import { reasonOf } from '../output/output.ts';
import { serverBounds } from './bounds.ts';
import { lastLogLine, logLength, logPath, openLog } from './log-file.ts';
import { confinement, folderOf, readSurroundings, refusalOfSocket } from './may-start.ts';
import { omnidCommand } from './omnid-command.ts';
import { spawnOmnid, type StartedServer } from './spawn-omnid.ts';

/**
 * Starts the per-user server and waits until one answers: ours, or that of another command that was faster (a server
 * takes a lock; the one that comes second ends). Tried twice: the lock may have been that of a server at its end.
 *
 * @returns a connection
 * @throws CliError noServer where a server must not be started from here, or none answers in time
 */
export async function startServer(globals: Globals): Promise<Client> {
  const socketPath = socketToServe(globals);
  const path = logPath();
  const logFd = openLogOrFail(path);
  const from = logLength(logFd);
  const command = [...omnidCommand(), '--scope', 'user', '--socket', socketPath];
  try {
    const started = await startAndWait(command, logFd, { ...globals, socket: socketPath });
    const client = started ?? (await startAndWait(command, logFd, { ...globals, socket: socketPath }));
    if (client !== undefined) return client;
  } finally {
    closeSync(logFd);
  }
  const last = lastLogLine(path, from);
  const reason = last === undefined ? '' : ` ('${last}')`;
  throw new CliError(exitCodes.noServer, `omnid was started and does not answer on ${socketPath}${reason}: see ${path}`);
}

async function startAndWait(command: readonly string[], logFd: number, globals: Globals): Promise<Client | undefined> {
  const server = spawnOmnid(command, logFd);
  try {
    return await waitForServer(globals, server);
  } finally {
    server.release();
  }
}

/**
 * The socket that a server started from here would serve.
 *
 * @throws CliError noServer where it is not for this process to start one
 */
export function socketToServe(globals: Globals): string {
  const fromHere = confinement(readSurroundings());
  if (fromHere !== undefined) {
    throw new CliError(exitCodes.noServer, `no server answers, and none is started: ${fromHere}: start omnid by hand, outside`);
  }
  const named = globals.socket ?? process.env['OMNIMIND_SOCKET'];
  if (named === undefined || named === '') return userSocketPath();
  const socketPath = resolve(named);
  const refusal = refusalOfSocket(socketPath, folderOf(socketPath), process.geteuid?.());
  if (refusal === undefined) return socketPath;
  throw new CliError(
    exitCodes.noServer,
    `no server answers on ${socketPath}, and none is started there: ${refusal}: start omnid --socket by hand`,
  );
}

function openLogOrFail(path: string): number {
  try {
    return openLog(path);
  } catch (error) {
    throw new CliError(
      exitCodes.noServer,
      `no server answers, and its log ${path} cannot be opened: ${reasonOf(error)}`,
      error,
    );
  }
}

/** @returns undefined where none answered in time */
async function waitForServer(globals: Globals, server: StartedServer): Promise<Client | undefined> {
  const limits = { deadlineMs: performance.now() + serverBounds.startMsMax };
  void server.ended.then(() => {
    limits.deadlineMs = Math.min(limits.deadlineMs, performance.now() + serverBounds.startByOtherMsMax);
  });
  while (performance.now() < limits.deadlineMs) {
    const client = await tryToConnect(globals);
    if (client !== undefined) return client;
    await new Promise((wake) => setTimeout(wake, serverBounds.startPollMs));
  }
  return undefined;
}

async function tryToConnect(globals: Globals): Promise<Client | undefined> {
  try {
    return await connectTo(globals);
  } catch (error) {
    if (isNotYet(error)) return undefined;
    throw error;
  }
}

/** A server that is at its end may still answer, or hang up. */
function isNotYet(error: unknown): boolean {
  if (error instanceof NoServerError || error instanceof ConnectionLostError) return true;
  return error instanceof ProtocolError && error.kind === 'shuttingDown';
}
