import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';

const codeOf = new Map<number, string>();
for (const [code, value] of Object.entries(constants.errno)) {
  // Two names of one number (EAGAIN, EWOULDBLOCK): the first is the one that strace and node print.
  if (!codeOf.has(value)) codeOf.set(value, code);
}

/** The error numbers that the modules here act on (errno(3)). */
export const {
  EPERM,
  ENOENT,
  ESRCH,
  EACCES,
  EINTR,
  EINVAL,
  EAGAIN,
  ENOPROTOOPT,
  ENOTTY,
  EOPNOTSUPP,
  EBADF,
  ENODATA,
  EPIPE,
  ENOSYS,
  E2BIG,
} = constants.errno;

/** The name of an error number, as in errno(3): 1 gives `EPERM`; a number without a name gives `E` and itself. */
export function errnoName(errno: number): string {
  return codeOf.get(errno) ?? `E${errno}`;
}

/** A system call that failed in a way that its caller has no answer for. */
export class SystemCallError extends Error {
  /** The call, as in its manual page: `pidfd_send_signal`. */
  readonly syscall: string;
  /** The positive error number. */
  readonly errno: number;
  /** Its name: `EPERM`. */
  readonly code: string;

  /**
   * @param syscall the call that failed
   * @param errno its error number, positive
   * @param subject what it was about (a path, a pid), for the message
   */
  constructor(syscall: string, errno: number, subject?: string | number) {
    const code = errnoName(errno);
    super(`${syscall}${subject === undefined ? '' : ` ${subject}`}: ${code}, ${getSystemErrorMessage(-errno)}`);
    this.name = 'SystemCallError';
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/** Is this an error of node:fs (or of ours) with one of these codes? */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
