import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Explanation } from '#protocol/explanation.ts';

/** The command has ended, and its caller waits: the explanation is worth this long. */
const patienceMs = 1_000;

/**
 * The server's explanation of a command's death. It takes in what the kernel saw until now before it answers.
 *
 * @param pid of the command, which has just ended
 * @param startTicks of the command: its pid may be another's by now; undefined where it was not read
 * @returns undefined where there is no server to ask, or it is too old to know
 */
export async function explainDeath({ globals }: Context, pid: number, startTicks?: string): Promise<Explanation | undefined> {
  try {
    await using client = await connectTo(globals, { connectTimeoutMs: patienceMs, requestTimeoutMs: patienceMs });
    return await client.call('process.explain', { pid, ...(startTicks === undefined ? {} : { startTicks }) });
  } catch {
    return undefined;
  }
}
