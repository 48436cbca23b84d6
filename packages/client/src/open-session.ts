import { ProtocolError } from '#protocol/errors.ts';
import { protocolVersion } from '#protocol/version.ts';
import { monotonicMs } from './clock.ts';
import { dial } from './dial.ts';
import { ConnectionLostError } from './errors.ts';
import type { Liveness } from './liveness.ts';
import { Session } from './session.ts';

/**
 * Connects, and hears who answers: a connection that is only queued in a server that hangs is none.
 *
 * @param socketPath absolute path
 * @param timeoutMs for all of it
 * @param liveness decides whether the connection keeps the process alive
 * @throws NoServerError; UntrustedServerError; RequestTimeoutError; ConnectionLostError;
 *   ProtocolError unsupportedProtocol, overloaded or shuttingDown
 */
export async function openSession(socketPath: string, timeoutMs: number, liveness: Liveness): Promise<Session> {
  const deadlineMs = monotonicMs() + timeoutMs;
  const session = new Session(await dial(socketPath, deadlineMs, liveness), socketPath);
  try {
    await session.request('server.info', { protocolVersion }, Math.max(1, deadlineMs - monotonicMs()));
    return session;
  } catch (error) {
    await session.close();
    // What the server said before it closed tells more than that it closed.
    if (error instanceof ConnectionLostError && error.cause instanceof ProtocolError) throw error.cause;
    throw error;
  }
}
