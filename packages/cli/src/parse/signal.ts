import { parseSignal } from '#protocol/signals.ts';
import { UsageError } from '../errors.ts';

/**
 * Reads one signal of the command line: `9`, `KILL`, `SIGKILL`.
 *
 * @throws UsageError where there is no such signal
 */
export function signalOption(text: string): number {
  const signal = parseSignal(text);
  if (signal === undefined) throw new UsageError(`'${text}' is no signal: write 9, KILL or SIGKILL`);
  return signal;
}

/**
 * Reads a list of signals: `KILL,TERM,15`. Each counts once.
 *
 * @throws UsageError where one is no signal, or is the null signal, which forbids nothing
 */
export function signalListOption(text: string): readonly number[] {
  const signals = text.split(',').map((word) => signalOption(word.trim()));
  if (signals.includes(0)) throw new UsageError(`'${text}': signal 0 reaches nobody and cannot be forbidden`);
  return [...new Set(signals)];
}
