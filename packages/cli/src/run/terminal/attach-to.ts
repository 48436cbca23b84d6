import { unlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { Context } from '../../context.ts';
import { frame, frameKinds } from './frames.ts';
import { OwnTerminal } from './own-terminal.ts';
import { sessionPath } from './session-socket.ts';
import { view } from './viewer.ts';

/**
 * Connects to the holder of a lease's terminal.
 *
 * @returns undefined where there is none
 * @throws the system's error where it is there and cannot be reached
 */
export async function findHolder(leaseId: string): Promise<Socket | undefined> {
  const path = sessionPath(leaseId);
  const { promise, resolve, reject } = Promise.withResolvers<Socket | undefined>();
  const socket = connect(path);
  const onError = (error: NodeJS.ErrnoException): void => {
    // What a holder that was killed has left.
    if (error.code === 'ECONNREFUSED') unlinkSync(path);
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
    else reject(error);
  };
  socket.once('error', onError).once('connect', () => {
    socket.off('error', onError);
    resolve(socket);
  });
  return await promise;
}

/** Shows its terminal on ours. @returns the exit code */
export async function attachTo(context: Context, holder: Socket): Promise<number> {
  const terminal = new OwnTerminal();
  holder.write(frame(frameKinds.size, JSON.stringify(terminal.size)));
  return await view(context, terminal, holder);
}
