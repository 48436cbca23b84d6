import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { hasPeerPidfd, peerOf } from '#linux/peer.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { runScript } from '#test/support/server/processes.ts';

/** Node keeps the descriptor of a socket to itself. */
function fdOf(socket: Socket): number {
  return (socket as unknown as { _handle: { fd: number } })._handle.fd;
}

export async function run(): Promise<void> {
  assert.equal(hasPeerPidfd(), false);
  await using folder = await makeFolder();
  const path = folder.file('socket');
  const server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  await using peerProcess = runScript(
    `exec ${process.execPath} -e "require('node:net').connect('${path}'); process.stdin.resume()"`,
  );
  const [socket] = await accepted;
  const peer = peerOf(fdOf(socket));
  using pidfd = peer.pidfd;
  assert.equal(peer.pid, peerProcess.pid);
  assert.equal(pidfd?.alive(), true);

  await peerProcess.kill();
  assert.equal(pidfd?.alive(), false);
  // Asked only now, nobody is held: the pid is the socket's still, and the process gone.
  const late = peerOf(fdOf(socket));
  assert.equal(late.pid, peerProcess.pid);
  assert.equal(late.pidfd, undefined);
  socket.destroy();
  server.close();
}
