import { connect, type Socket } from 'node:net';
import { clientBounds } from './bounds.ts';
import { monotonicMs } from './clock.ts';
import { ClientError, NoServerError, systemCodeOf } from './errors.ts';
import type { Liveness } from './liveness.ts';
import { pause } from './pause.ts';
import { assertTrusted } from './trust.ts';

/**
 * Connects to a server that is to be trusted.
 *
 * @param socketPath absolute path
 * @param deadlineMs on the clock of monotonicMs: until then a full backlog is tried again
 * @param liveness decides whether the socket keeps the process alive
 * @returns the connected socket
 * @throws NoServerError where nothing listens; UntrustedServerError; ClientError for other failures, with their cause
 */
export async function dial(socketPath: string, deadlineMs: number, liveness: Liveness): Promise<Socket> {
  for (;;) {
    try {
      assertTrusted(socketPath);
      return await attempt(socketPath, liveness);
    } catch (error) {
      const backlogFull = systemCodeOf(error) === 'EAGAIN' && monotonicMs() < deadlineMs;
      if (!backlogFull) throw describe(socketPath, error);
    }
    await pause(clientBounds.backlogRetryMs, liveness).over;
  }
}

function attempt(socketPath: string, liveness: Liveness): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    liveness.add(socket);
    socket.once('close', () => {
      liveness.delete(socket);
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function describe(socketPath: string, error: unknown): Error {
  if (error instanceof ClientError) return error;
  const code = systemCodeOf(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return new NoServerError([socketPath], error);
  return new ClientError(`cannot connect to ${socketPath}: ${code ?? 'failed'}`, { cause: error });
}
