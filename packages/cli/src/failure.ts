import { ClientError, ConnectionLostError, NoServerError, RequestTimeoutError, UntrustedServerError } from '#client/errors.ts';
import { ProtocolError, type ErrorKind } from '#protocol/errors.ts';
import { CliError } from './errors.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';

/** What a failed command tells its user, and its caller. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** One line: what failed, and what to do. */
  readonly text: string;
}

const { no, usage, noServer, software, tryAgain, notPermitted } = exitCodes;

/** What each answer of the server means to the caller of a command. */
const codeOfKind: Readonly<Record<ErrorKind, ExitCode>> = {
  parseError: software,
  invalidRequest: software,
  methodNotFound: noServer,
  unsupportedProtocol: noServer,
  invalidParams: usage,
  ttlOutOfRange: usage,
  internalError: tryAgain,
  shuttingDown: tryAgain,
  overloaded: tryAgain,
  limitReached: tryAgain,
  storeUnavailable: tryAgain,
  processNotFound: no,
  identityMismatch: no,
  leaseNotFound: no,
  leaseEnded: no,
  signalDenied: no,
  sentinelUnavailable: no,
  notPermitted,
  leaseHeldByOther: notPermitted,
  signalFailed: notPermitted,
};

/** What to do, where the message does not say it already. */
const fixOfKind: Partial<Readonly<Record<ErrorKind, string>>> = {
  methodNotFound: "the server is older than this omnictl: 'omnictl server restart'",
  unsupportedProtocol: "server and omnictl are of different versions: 'omnictl server restart'",
  internalError: "the server's log has the cause",
  shuttingDown: 'try again in a moment',
  overloaded: 'try again in a moment',
  storeUnavailable: "'omnictl status' says what is wrong with the database",
  sentinelUnavailable: "'omnictl doctor' says what to change",
};

/**
 * Says what an error means, for a person and for a script.
 *
 * @param error whatever a verb threw
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, text: error.message };
  if (error instanceof ProtocolError) return ofKind(error);
  if (error instanceof NoServerError) {
    return { exitCode: noServer, text: `${error.message}: 'omnictl server restart' starts one, register and run do too` };
  }
  if (error instanceof UntrustedServerError) return { exitCode: notPermitted, text: error.message };
  if (error instanceof ConnectionLostError || error instanceof RequestTimeoutError) {
    return { exitCode: tryAgain, text: `${error.message}: try again in a moment` };
  }
  if (error instanceof ClientError) return { exitCode: noServer, text: error.message };
  return { exitCode: software, text: `a fault of omnictl: ${error instanceof Error ? error.message : String(error)}` };
}

function ofKind(error: ProtocolError): Failure {
  const fix = fixOfKind[error.kind];
  return { exitCode: codeOfKind[error.kind], text: fix === undefined ? error.message : `${error.message}: ${fix}` };
}
