import { constants } from 'node:os';
import type { SignalEvent } from '#protocol/history.ts';
import { processWords } from '../output/event-words.ts';
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
 * @param kill the server's record of it, where the signal came through the server
 */
export function endingWords(label: string, signal: NodeJS.Signals, pid: number, kill: SignalEvent | undefined): string {
  const died = `${label} (pid ${String(pid)}) was ended by ${signal}`;
  if (kill === undefined) return `${died}; the server did not send it`;
  const reason = kill.reason === undefined ? '' : `: '${kill.reason}'`;
  return `${died}, through the server, for ${processWords(kill.requester ?? kill.sender)}${reason}`;
}
