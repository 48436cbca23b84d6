import { clientBounds } from './bounds.ts';
import { Client } from './client.ts';
import { NoServerError } from './errors.ts';
import { Liveness } from './liveness.ts';
import { openSession } from './open-session.ts';
import { findSocket } from './paths.ts';
import type { Session } from './session.ts';
import { checkDurationMs } from './timeouts.ts';

export interface ConnectOptions {
  /** This server and no other; default: OMNIMIND_SOCKET, else the system's where it answers, else the user's. */
  readonly socket?: string;
  /** Make a lost connection again; default true. */
  readonly reconnect?: boolean;
  /** Until the server has said who it is, ms; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** For each request, ms (a mediated kill has its grace on top); default 30,000; Infinity: no limit. */
  readonly requestTimeoutMs?: number;
}

/**
 * Connects to the server.
 *
 * @throws NoServerError where nothing listens; UntrustedServerError where what listens may be another user's;
 *   RequestTimeoutError where it hangs: another server is not asked then, it would not know what this one protects;
 *   ProtocolError unsupportedProtocol, overloaded or shuttingDown
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { connectTimeoutMsDefault, requestTimeoutMsDefault } = clientBounds;
  const connectTimeoutMs = checkDurationMs('connectTimeoutMs', options.connectTimeoutMs ?? connectTimeoutMsDefault);
  const requestTimeoutMs = checkDurationMs('requestTimeoutMs', options.requestTimeoutMs ?? requestTimeoutMsDefault);
  const liveness = new Liveness();
  const open = (path: string): Promise<Session> => openSession(path, connectTimeoutMs, liveness);
  const { socketPath, session } = await liveness.during(() => openFirst(findSocket(options), open));
  const reconnect = options.reconnect ?? true;
  return new Client(session, {
    socketPath,
    liveness,
    reconnect,
    connectTimeoutMs,
    requestTimeoutMs,
    open: () => open(socketPath),
  });
}

interface Opened {
  readonly socketPath: string;
  readonly session: Session;
}

/**
 * Opens the first of these sockets that answers.
 *
 * @throws NoServerError where none does; any other failure of one at once, without asking the next: see `connect`
 */
export async function openFirst(candidates: readonly string[], open: (path: string) => Promise<Session>): Promise<Opened> {
  let failure: unknown;
  for (const socketPath of candidates) {
    try {
      return { socketPath, session: await open(socketPath) };
    } catch (error) {
      if (!(error instanceof NoServerError)) throw error;
      failure = error.cause;
    }
  }
  throw new NoServerError(candidates, failure);
}
