import { constants } from 'node:os';
import { setSignalDisposition } from './ffi.ts';

const SIG_DFL = 0;
const SIG_IGN = 1;

/** Node ignores these for itself, and an exec would hand that down: `yes | head` would not end. */
const { SIGPIPE, SIGXFSZ } = constants.signals;

/**
 * Makes this process's signals what a program that is executed next should find: their defaults, but for those that our
 * own starter wanted ignored.
 * @param ignored numbers of signals
 */
export function restoreSignals(ignored: readonly number[]): void {
  for (const signal of [SIGPIPE, SIGXFSZ]) setSignalDisposition(signal, SIG_DFL);
  for (const signal of ignored) setSignalDisposition(signal, SIG_IGN);
}
