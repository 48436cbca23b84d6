import { constants } from 'node:os';
import type { SignalEvent } from '#protocol/history.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';

/** The command has ended, and its caller waits: the explanation is worth this long. */
const patienceMs = 1_000;

/** What the sentinel saw is written within 20 ms; until then it is asked again. */
const attemptsMax = 6;
const pauseMs = 40;

/**
 * The server's record of the signal that ended a command.
 *
 * @param pid of the command: no other process of this boot had it since the command was started
 * @param since when the command was started, ISO 8601
 * @returns null where the server knows of none; undefined where there is no server to ask
 */
export async function findKill(
  { globals }: Context,
  pid: number,
  signal: NodeJS.Signals,
  since: string,
): Promise<SignalEvent | null | undefined> {
  try {
    await using client = await connectTo(globals, { connectTimeoutMs: patienceMs, requestTimeoutMs: patienceMs });
    const { rungs } = await client.call('server.status', {});
    const isSeen = rungs.some(({ layer, active }) => layer === 'sentinel' && active);
    const filter = { target: pid, signal: constants.signals[signal], since, limit: 20 };
    for (let attempt = 0; attempt < (isSeen ? attemptsMax : 1); attempt += 1) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const { events } = await client.call('history.query', filter);
      const sent = events.find(
        ({ outcome, source }) => outcome === 'delivered' && (source === 'mediated' || source === 'sentinel'),
      );
      if (sent !== undefined) return sent;
    }
    return null;
  } catch {
    return undefined;
  }
}
