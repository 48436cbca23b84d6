import { connect, type ConnectOptions } from './connect.ts';
import { allAllowed, type KillTarget } from './verdicts.ts';

/**
 * Asks the server, with a connection of its own, whether a killer may act. **No answer means "do not kill"**: where there
 * is no server, or it hangs, or anything else fails, the answer is false.
 *
 * @param targets pids, or identities (safe against reuse of a pid); none at all is a no
 * @param signal number, default 9 (SIGKILL)
 * @returns true only where the server positively allows all
 */
export async function mayKill(targets: readonly KillTarget[], signal?: number, options: ConnectOptions = {}): Promise<boolean> {
  try {
    await using client = await connect({ ...options, reconnect: false });
    return await allAllowed(
      (identities, number) => client.call('protection.check', { identities, signal: number }),
      targets,
      signal,
    );
  } catch {
    return false;
  }
}
