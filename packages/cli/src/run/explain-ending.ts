import type { SignalEvent } from '#protocol/history.ts';
import type { Context } from '../context.ts';
import { endingWords } from './ending-words.ts';

/** A command that a signal ended. */
export interface Death {
  readonly label: string;
  readonly pid: number;
  readonly signal: NodeJS.Signals;
  /** When the command was started, ISO 8601. */
  readonly startedAt: string;
  /** Of its lease; undefined: it ran unprotected. */
  readonly leaseId: string | undefined;
}

/** What is known of a death. */
export interface Account {
  /** For people: lines, the first is the answer. */
  readonly words: readonly string[];
  /** The server's record of the signal; null: it has none; undefined: nobody could be asked. */
  readonly kill: SignalEvent | null | undefined;
}

/**
 * Says how a command died: the one place where `run` asks. What `why` would say comes from here.
 */
export async function explainEnding(context: Context, death: Death): Promise<Account> {
  const { label, pid, signal, startedAt } = death;
  // The client of the SDK, which most commands end without.
  const { findKill } = await import('./find-kill.ts');
  const kill = await findKill(context, pid, signal, startedAt);
  return { words: [endingWords(label, signal, pid, kill)], kill };
}
