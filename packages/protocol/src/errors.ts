/** Every error that the protocol knows: its word (`data.kind`, what programs branch on) and its code. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  shuttingDown: -32000,
  overloaded: -32001,
  unsupportedProtocol: -32002,
  processNotFound: 1001,
  identityMismatch: 1002,
  notPermitted: 1003,
  leaseNotFound: 1101,
  leaseEnded: 1102,
  leaseHeldByOther: 1103,
  ttlOutOfRange: 1104,
  limitReached: 1105,
  signalDenied: 1301,
  signalFailed: 1302,
  sentinelUnavailable: 1401,
  storeUnavailable: 1501,
} as const;

export type ErrorKind = keyof typeof errorCodes;

/** What each error means, and what the caller can do; the table in protocol/README.md is made from it. */
export const errorMeanings: Readonly<Record<ErrorKind, string>> = {
  parseError: 'the line is no JSON',
  invalidRequest: 'the message is no JSON-RPC 2.0 request, or too long',
  methodNotFound: 'no such method; see rpc.discover',
  invalidParams: 'params do not fit the method; the message names the member',
  internalError: 'a fault of the server; its log has the cause',
  shuttingDown: 'the server is stopping: connect again in a moment',
  overloaded: 'too many connections or requests at once: try again',
  unsupportedProtocol: 'this server does not speak the protocol version that was asked for',
  processNotFound: 'no process has that pid',
  identityMismatch: 'the pid belongs to another process than the one that was named',
  notPermitted: 'the caller has no right to do this',
  leaseNotFound: 'no lease has that id, or none covers that pid',
  leaseEnded: 'the lease was there and has ended',
  leaseHeldByOther: 'the process is registered by another owner',
  ttlOutOfRange: 'ttlMs or maxMs is outside what the server grants',
  limitReached: 'a limit of the server or of this uid is reached; the message names it',
  signalDenied: 'the verdict forbids the signal',
  signalFailed: 'the kernel refused the signal',
  sentinelUnavailable: 'what was asked for needs the sentinel or the guard, and this server has none',
  storeUnavailable: 'the database cannot be written: nothing was changed',
};

/** Members of an error's `data`; `kind` is always there. */
export interface ErrorData {
  readonly kind: ErrorKind;
  readonly [member: string]: unknown;
}

/** An error that travels over the wire: thrown by handlers, rebuilt by clients. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly kind: ErrorKind;
  readonly code: number;
  readonly data: ErrorData;

  /**
   * @param kind the word for it
   * @param message one sentence that names the offending thing and what would be right
   * @param data further members for programs
   * @param cause what led to it, kept for the log, never sent
   */
  constructor(kind: ErrorKind, message: string, data: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.code = errorCodes[kind];
    this.data = { ...data, kind };
  }
}

const kindByCode = new Map<number, ErrorKind>(Object.entries(errorCodes).map(([kind, code]) => [code, kind as ErrorKind]));

/**
 * Finds the word for an error code.
 *
 * @returns the kind, or undefined for a code that this version does not know
 */
export function errorKindOf(code: number): ErrorKind | undefined {
  return kindByCode.get(code);
}
