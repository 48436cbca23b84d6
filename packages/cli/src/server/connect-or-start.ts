import { NoServerError, type Client } from '#client/index.ts';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import { progress } from '../output/progress.ts';

/**
 * Connects to the server; where none answers, starts the per-user one, unless --no-spawn. For `register` and `run`
 * alone: the others ask about what is there.
 *
 * @throws as connectTo; CliError noServer where none can be started
 */
export async function connectOrStart({ globals, output }: Context): Promise<Client> {
  try {
    return await connectTo(globals);
  } catch (error) {
    if (!(error instanceof NoServerError) || !globals.spawn) throw error;
  }
  // Loaded when it is needed: most of the time a server is there.
  const { startServer } = await import('./start-server.ts');
  const client = await (async () => {
    using _waiting = progress(output, () => 'waits for the per-user server to start');
    return await startServer(globals);
  })();
  output.note(`started the per-user server on ${client.socketPath}`);
  return client;
}
