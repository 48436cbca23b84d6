import { connect, type Client, type ConnectOptions } from '#client/index.ts';
import type { Globals } from './globals.ts';

/**
 * Connects to the server that the command line means.
 *
 * @param options further options of the client; by default a lost connection is not made again: a command fails then
 */
export async function connectTo(globals: Globals, options: ConnectOptions = {}): Promise<Client> {
  const socket = globals.socket === undefined ? {} : { socket: globals.socket };
  return await connect({ reconnect: false, ...socket, ...options });
}
