import type { Explanation } from '#protocol/explanation.ts';
import type { SignalEvent } from '#protocol/history.ts';

/**
 * Was a SIGKILL somebody else's doing, so that `--retry-on-kill` may start the command again? Not where the command or
 * its own tree sent it, and not where the owner asked for it through the server (`omnictl kill --override`).
 *
 * @param pid of the command
 * @param kill the server's record; null, undefined: nobody saw the sender, and nothing says that it was not foreign
 */
export function isForeignKill(pid: number, kill: SignalEvent | null | undefined): boolean {
  if (kill === null || kill === undefined) return true;
  if (kill.override === true) return false;
  const { sender } = kill;
  if (sender === null || kill.source === 'mediated') return true;
  return sender.pid !== pid && sender.ancestry.every((ancestor) => ancestor.pid !== pid);
}

/** These are of its own tree. */
const own: ReadonlySet<string | null> = new Set(['self', 'child', 'tree']);

/** The same by the server's explanation. */
export function isForeignCause({ cause, lease }: Explanation): boolean {
  if (lease?.effect === 'overridden' || cause.event?.override === true) return false;
  return cause.kind !== 'self' && !own.has(cause.relation);
}
