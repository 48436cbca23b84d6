import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { openFirst } from '#client/connect.ts';
import { connect, RequestTimeoutError } from '#client/index.ts';
import { Liveness } from '#client/liveness.ts';
import { openSession } from '#client/open-session.ts';
import { ScriptedServer, socketFolder } from '#test/support/scripted-server.ts';

test('it says which protocol it speaks, and hears who answers', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {});
  const connecting = connect({ socket: server.path });
  const peer = await server.peers.take();
  const request = await peer.requests.take();
  expect(request).toMatchObject({ jsonrpc: '2.0', method: 'server.info', params: { protocolVersion: 1 } });
  peer.answer(request, { name: 'omnid' });
  await using client = await connecting;
  expect(client.socketPath).toBe(server.path);
});

test('a server that accepts and says nothing is none', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {});
  await expect(connect({ socket: server.path, connectTimeoutMs: 20 })).rejects.toBeInstanceOf(RequestTimeoutError);
  const peer = await server.peers.take();
  await peer.closed;
});

test('a server of another version is refused, with its own words', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    'server.info': (_params, peer, request) => {
      peer.fail(request, -32002, 'unsupportedProtocol', 'this server speaks 2');
    },
  });
  await expect(connect({ socket: server.path })).rejects.toMatchObject({
    kind: 'unsupportedProtocol',
    message: 'this server speaks 2',
  });
});

test('a server that is full says so before it closes, and that is the error', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {});
  const connecting = connect({ socket: server.path });
  const peer = await server.peers.take();
  peer.fail({ id: null }, -32001, 'overloaded');
  peer.socket.end();
  await expect(connecting).rejects.toMatchObject({ kind: 'overloaded' });
});

test.each([0, -1, Number.NaN])('a time-out of %d ms makes no sense', async (requestTimeoutMs) => {
  await expect(connect({ socket: '/nowhere', requestTimeoutMs })).rejects.toBeInstanceOf(RangeError);
});

/** Tries sockets in a folder, in this order. @returns the name of the one that answered, or of the error */
async function first(folder: string, names: readonly string[], timeoutMs = 5_000): Promise<string> {
  const open = (path: string): ReturnType<typeof openSession> => openSession(path, timeoutMs, new Liveness());
  try {
    const { socketPath, session } = await openFirst(
      names.map((name) => join(folder, name)),
      open,
    );
    await session.close();
    return basename(socketPath);
  } catch (error) {
    return (error as Error).name;
  }
}

test('the next socket is tried where nothing listens, and only there: another server knows nothing of what this one protects', async () => {
  await using folder = await socketFolder();
  await using _live = await ScriptedServer.listen(join(folder.path, 'live'));
  await using _hung = await ScriptedServer.listen(join(folder.path, 'hung'), {});
  await writeFile(join(folder.path, 'file'), '');
  expect(await first(folder.path, ['none', 'live'])).toBe('live');
  expect(await first(folder.path, ['live', 'none'])).toBe('live');
  expect(await first(folder.path, ['none', 'nor this'])).toBe('NoServerError');
  expect(await first(folder.path, ['file', 'live'])).toBe('UntrustedServerError');
  expect(await first(folder.path, ['hung', 'live'], 20)).toBe('RequestTimeoutError');
});
