import { constants } from 'node:os';
import type { SignalEvent } from '#protocol/history.ts';
import { senderWords } from '../output/event-words.ts';
import type { Ending } from './held-command.ts';

const signalExitBase = 128;

/** What `run` ends with: the command's own code, or 128 + the signal that ended it, as a shell does. */
export function exitCodeOf({ code, signal }: Ending): number {
  if (signal !== null) return signalExitBase + constants.signals[signal];
  return code ?? signalExitBase;
}

/**
 * What `run` tells of a command that a signal ended.
 *
 * @param label what the command is called
 * @param kill the server's record of it; null: it did not come through the server; undefined: nobody knows
 */
export function endingWords(label: string, signal: NodeJS.Signals, pid: number, kill: SignalEvent | null | undefined): string {
  const died = `${label} (pid ${String(pid)}) was ended by ${signal}`;
  if (kill === undefined) return died;
  if (kill === null) return `${died}, which did not come through the server`;
  if (kill.source === 'sentinel') return `${died}, sent by ${kill.sender === null ? 'the kernel' : senderWords(kill)}`;
  const reason = kill.reason === undefined ? '' : `: '${kill.reason}'`;
  return `${died}, through the server, for ${senderWords(kill)}${reason}`;
}
