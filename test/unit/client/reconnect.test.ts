import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Client, connect, ConnectionLostError, NoServerError } from '#client/index.ts';
import { greeting, ScriptedServer, socketFolder } from '#test/support/scripted-server.ts';

/** Ends the server in the middle of a request, and waits until the client knows. */
async function loseConnection(client: Client, server: ScriptedServer): Promise<void> {
  const lost = expect(client.call('lease.list')).rejects.toBeInstanceOf(ConnectionLostError);
  const peer = await server.peers.take();
  await peer.requests.take();
  await server[Symbol.asyncDispose]();
  await lost;
}

const answers = { ...greeting, 'server.status': () => 'ok' };

test('after a restart of the server calls go on', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path, answers);
  await using client = await connect({ socket: path });
  expect(await client.call('server.status')).toBe('ok');
  await loseConnection(client, first);
  await using _second = await ScriptedServer.listen(path, answers);
  expect(await client.call('server.status')).toBe('ok');
});

test('a call made while there is no server waits for it, and is sent once', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path);
  await using client = await connect({ socket: path });
  await loseConnection(client, first);
  const waiting = client.call('lease.get', { leaseId: 'ls-x' });
  await using second = await ScriptedServer.listen(path);
  const peer = await second.peers.take();
  const request = await peer.requests.take();
  // The lost lease.list would stand before it, had it been sent again.
  expect(request.method).toBe('lease.get');
  peer.answer(request, 'here');
  expect(await waiting).toBe('here');
});

test('where no server comes back in time, the call says so, with the last failure as its cause', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using server = await ScriptedServer.listen(path);
  await using client = await connect({ socket: path, connectTimeoutMs: 1_000 });
  await loseConnection(client, server);
  await rm(path, { force: true });
  const failure = await client.call('server.status').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NoServerError);
  expect(failure).toMatchObject({ tried: [path], cause: { name: 'NoServerError', cause: { code: 'ENOENT' } } });
});

test('a server that closes each connection is tried again until it stays', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  let greetings = 0;
  await using _server = await ScriptedServer.listen(path, {
    ...answers,
    'server.info': (_params, peer) => {
      greetings += 1;
      // The first is the connection that is lost below; two more fail during the greeting.
      if (greetings === 2 || greetings === 3) peer.socket.destroy();
      else return {};
      return undefined;
    },
    'lease.list': (_params, peer) => {
      peer.socket.destroy();
    },
  });
  await using client = await connect({ socket: path });
  await expect(client.call('lease.list')).rejects.toBeInstanceOf(ConnectionLostError);
  expect(await client.call('server.status')).toBe('ok');
  expect(greetings).toBe(4);
});

test('close() while it reconnects ends that too, and rejects what waits for it', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path);
  await using client = await connect({ socket: path });
  await loseConnection(client, first);
  const waiting = expect(client.call('server.status')).rejects.toMatchObject({ name: 'ClientClosedError' });
  await client.close();
  await waiting;
});
