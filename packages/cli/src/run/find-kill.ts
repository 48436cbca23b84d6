import { constants } from 'node:os';
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
 * @returns null where the signal did not come through the server; undefined where there is no server to ask
 */
export async function findKill(
  { globals }: Context,
  pid: number,
  signal: NodeJS.Signals,
  since: string,
): Promise<SignalEvent | null | undefined> {
  try {
    await using client = await connectTo(globals, { connectTimeoutMs: patienceMs, requestTimeoutMs: patienceMs });
    const { events } = await client.call('history.query', {
      source: 'mediated',
      target: pid,
      signal: constants.signals[signal],
      since,
      limit: 20,
    });
    return events.find(({ outcome }) => outcome !== 'denied' && outcome !== 'failed') ?? null;
  } catch {
    return undefined;
  }
}
