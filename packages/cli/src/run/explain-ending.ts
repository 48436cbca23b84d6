import type { Context } from '../context.ts';
import { escapeText } from '../output/escape.ts';
import { endingWords } from './ending-words.ts';
import { isForeignCause, isForeignKill } from './foreign-kill.ts';
import type { Ending } from './held-command.ts';
import type { TakenLease } from './take-lease.ts';

/** A command that a signal ended, or one that says so of a child by its exit code. */
export interface Death {
  readonly label: string;
  readonly pid: number;
  readonly ending: Ending;
  /** When the command was started, ISO 8601. */
  readonly startedAt: string;
  /** undefined: it ran unprotected. */
  readonly lease: TakenLease | undefined;
}

/** What is known of a death. */
export interface Account {
  /** For people: lines, escaped; the first is the answer. None where there is nothing to add. */
  readonly words: readonly string[];
  /** Whether somebody else did it, as far as is known. */
  readonly isForeign: boolean;
}

/** What a shell ends with whose child was ended by SIGKILL. */
const killedExit = 137;

/** Is there something to explain? */
export function isDeath({ code, signal }: Ending): boolean {
  return signal !== null || code === killedExit;
}

/**
 * Says how a command died: the one place where `run` asks. It is what `why` would say; of a server that does not know how to
 * explain, or of none, it is what its history has.
 */
export async function explainEnding(context: Context, death: Death): Promise<Account> {
  const { label, pid, ending, startedAt, lease } = death;
  // The client of the SDK and the words, which most commands end without.
  const [{ explainDeath }, { deathBlock }] = await Promise.all([import('./explain-death.ts'), import('./death-block.ts')]);
  const explanation = await explainDeath(context, pid, lease?.startTicks);
  if (explanation !== undefined) {
    const [answer = '', ...facts] = deathBlock(label, pid, ending, explanation);
    return { words: [calledBy(label, pid, answer), ...facts], isForeign: isForeignCause(explanation) };
  }
  if (ending.signal === null) return { words: [], isForeign: false };
  const { findKill } = await import('./find-kill.ts');
  const kill = await findKill(context, pid, ending.signal, startedAt);
  return { words: [endingWords(label, ending.signal, pid, kill)], isForeign: isForeignKill(pid, kill) };
}

/** The server saw the process while it was held, as a shell at its gate: here it is called as its caller calls it. */
function calledBy(label: string, pid: number, answer: string): string {
  const at = answer.indexOf(` (pid ${String(pid)})`);
  return at < 0 ? answer : escapeText(label) + answer.slice(at);
}
