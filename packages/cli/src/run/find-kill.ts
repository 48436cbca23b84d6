import type { SignalEvent } from '#protocol/history.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';

/** The command has ended, and its caller waits: the explanation is worth this long. */
const patienceMs = 1_000;

/**
 * The server's record of the kill that ended a command.
 *
 * @param pid of the command: no other process of this boot had it since the command was started
 * @param since when the command was started, ISO 8601
 * @returns undefined where the signal did not come through the server, or the server is not there any more
 */
export async function findKill({ globals }: Context, pid: number, since: string): Promise<SignalEvent | undefined> {
  try {
    await using client = await connectTo(globals, { connectTimeoutMs: patienceMs, requestTimeoutMs: patienceMs });
    const { events } = await client.call('history.query', { source: 'mediated', target: pid, since, limit: 20 });
    return events.find(({ outcome }) => outcome !== 'denied' && outcome !== 'failed');
  } catch {
    return undefined;
  }
}
