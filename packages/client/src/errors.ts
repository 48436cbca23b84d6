/**
 * What goes wrong on this side of the wire. What the server answers is a ProtocolError, with its `kind`.
 * Every one of them means: there is no answer, so do not kill.
 */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
}

/** Nothing listens on any of the sockets that were tried. */
export class NoServerError extends ClientError {
  override readonly name = 'NoServerError';
  /** The sockets that were tried, in order. */
  readonly tried: readonly string[];

  constructor(tried: readonly string[], cause?: unknown) {
    super(`no server answers on ${tried.join(' or ')}`, { cause });
    this.tried = tried;
  }
}

/** The socket, or the folder it stands in, could be another user's: nothing was sent to it. */
export class UntrustedServerError extends ClientError {
  override readonly name = 'UntrustedServerError';
  readonly socketPath: string;

  /** @param reason what is wrong with it, and what would be right */
  constructor(socketPath: string, reason: string) {
    super(`the server on ${socketPath} is not trusted: ${reason}`);
    this.socketPath = socketPath;
  }
}

/** The connection ended before the answer came: what was asked may have been done, or not. */
export class ConnectionLostError extends ClientError {
  override readonly name = 'ConnectionLostError';

  /** @param method what was asked and not answered, where something was */
  constructor(socketPath: string, method?: string, cause?: unknown) {
    const unanswered = method === undefined ? '' : ` before ${method} was answered: it may have been done`;
    super(`the connection to ${socketPath} was lost${unanswered}`, { cause });
  }
}

/** The server took too long: what was asked may have been done, or may yet be. */
export class RequestTimeoutError extends ClientError {
  override readonly name = 'RequestTimeoutError';
  readonly method: string;
  readonly timeoutMs: number;

  constructor(method: string, timeoutMs: number) {
    super(`no answer to ${method} within ${String(timeoutMs)} ms: it may have been done`);
    this.method = method;
    this.timeoutMs = timeoutMs;
  }
}

/** The client was closed by its own program. */
export class ClientClosedError extends ClientError {
  override readonly name = 'ClientClosedError';

  constructor() {
    super('the client is closed');
  }
}

/** The word of a system error (`ENOENT`), or undefined where it is none. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
