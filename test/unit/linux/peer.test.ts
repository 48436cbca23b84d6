import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasPeerPidfd, peerOf } from '#linux/peer.ts';
import { countDescriptors, makeFolder, startScript, type TestProcess } from './support.ts';

/** Node keeps the descriptor of a socket to itself, under a name that it has had for ten years. */
function fdOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { fd: number } };
  return handle.fd;
}

interface Connected extends AsyncDisposable {
  readonly socket: Socket;
  readonly client: TestProcess;
}

const CLIENT = `require('node:net').connect(process.argv[1]); process.stdin.pipe(process.stdout);`;

/** A client of its own process, connected to a server here. */
async function connect(script = 'exec "$@"'): Promise<Connected> {
  using folder = makeFolder();
  const path = join(folder.path, 'socket');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = await startScript(script, 'sh', process.execPath, '-e', CLIENT, path);
  const [socket] = await accepted;
  return { socket, client, [Symbol.asyncDispose]: () => disconnect(server, socket, client) };
}

async function disconnect(server: Server, socket: Socket, client: TestProcess): Promise<void> {
  socket.destroy();
  server.close();
  await client.end();
}

describe('peerOf', () => {
  test('names the process that connected, and holds it', async () => {
    await using connected = await connect();
    const peer = peerOf(fdOf(connected.socket));
    using pidfd = peer.pidfd;
    expect(peer).toMatchObject({ pid: connected.client.pid, uid: process.getuid?.(), gid: process.getgid?.() });
    expect(pidfd?.alive()).toBe(true);
    await connected.client.end();
    expect(pidfd?.alive()).toBe(false);
  });

  test('a peer that has exited is named still, and is no living process', async () => {
    await using connected = await connect();
    await connected.client.end();
    const peer = peerOf(fdOf(connected.socket));
    using pidfd = peer.pidfd;
    expect(peer.pid).toBe(connected.client.pid);
    expect(pidfd?.alive() ?? false).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)('another user is known by the ids of the socket (needs root)', async () => {
    await using connected = await connect(
      'chmod 777 "$4" "${4%/*}"; exec setpriv --reuid 65533 --regid 65534 --clear-groups "$@"',
    );
    const peer = peerOf(fdOf(connected.socket));
    using pidfd = peer.pidfd;
    expect(peer).toMatchObject({ pid: connected.client.pid, uid: 65533, gid: 65534 });
    expect(pidfd?.alive()).toBe(true);
  });

  test('what is no socket has no peer', () => {
    expect(() => peerOf(-1)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    const file = openSync('/dev/null', 'r');
    expect(() => peerOf(file)).toThrow(expect.objectContaining({ code: 'ENOTSOCK' }));
    closeSync(file);
  });

  test('a TCP socket’s peer is unknown', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { _handle: handle } = server as unknown as { _handle: { fd: number } };
    const peer = peerOf(handle.fd);
    server.close();
    expect(peer.pid).toBe(0);
    expect(peer.pidfd).toBeUndefined();
  });
});

test('asking for the feature leaves no descriptor behind', () => {
  const before = countDescriptors();
  expect(hasPeerPidfd()).toBeTypeOf('boolean');
  expect(countDescriptors()).toBe(before);
});
