import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, ConnectionLostError, RequestTimeoutError, type Client, type ConnectOptions } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';
import { ScriptedServer, socketFolder, type Peer } from '#test/support/scripted-server.ts';

interface Pair extends AsyncDisposable {
  readonly client: Client;
  readonly peer: Peer;
}

/** A client without reconnection, and the peer that it talks to. */
async function pair(options: ConnectOptions = {}): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await socketFolder());
  const server = stack.use(await ScriptedServer.listen(join(folder.path, 's')));
  const client = stack.use(await connect({ socket: server.path, reconnect: false, ...options }));
  const peer = await server.peers.take();
  return { client, peer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('answers find their requests, in any order and in batches', async () => {
  await using the = await pair();
  const calls = Promise.all([the.client.call('lease.list'), the.client.call('history.query', { signal: 9 })]);
  const [first, second] = [await the.peer.requests.take(), await the.peer.requests.take()];
  expect([first.params, second.params]).toEqual([{}, { signal: 9 }]);
  the.peer.send([
    { jsonrpc: '2.0', id: second.id, result: 'b' },
    { jsonrpc: '2.0', id: first.id, result: 'a' },
  ]);
  expect(await calls).toEqual(['a', 'b']);
});

test("a server's error is a ProtocolError with its kind and data", async () => {
  await using the = await pair();
  const call = the.client.call('lease.get', { leaseId: 'ls-x' });
  const request = await the.peer.requests.take();
  the.peer.send({
    jsonrpc: '2.0',
    id: request.id,
    error: { code: 1101, message: 'no lease ls-x', data: { kind: 'leaseNotFound', leaseId: 'ls-x' } },
  });
  await expect(call).rejects.toMatchObject({
    name: 'ProtocolError',
    kind: 'leaseNotFound',
    code: 1101,
    data: { leaseId: 'ls-x' },
  });
});

test.each([
  [{ code: 1102, message: 'm' }, { kind: 'leaseEnded' }],
  [
    { code: 9999, message: 'm', data: { kind: 'fromTomorrow' } },
    { kind: 'internalError', data: { serverKind: 'fromTomorrow', serverCode: 9999 } },
  ],
  [{ code: 9999, message: 'm', data: { kind: 'constructor' } }, { kind: 'internalError' }],
  ['what?', { kind: 'internalError' }],
])('an error like %j is understood as far as it goes', async (error, expected) => {
  await using the = await pair();
  const call = the.client.call('server.status');
  const request = await the.peer.requests.take();
  the.peer.send({ jsonrpc: '2.0', id: request.id, error });
  await expect(call).rejects.toMatchObject(expected);
});

test('a request without an answer ends in time, and its late answer disturbs nobody', async () => {
  await using the = await pair({ requestTimeoutMs: 20 });
  const failure = await the.client.call('lease.list').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestTimeoutError);
  expect(failure).toMatchObject({ method: 'lease.list', timeoutMs: 20 });
  the.peer.answer(await the.peer.requests.take(), 'late');
  // A mediated kill has its grace on top of the 20 ms.
  const next = the.client.call('process.terminate', { pid: 1, graceMs: 3_600_000 });
  the.peer.answer(await the.peer.requests.take(), 'in time');
  expect(await next).toBe('in time');
});

const lastWords: Readonly<Record<string, (peer: Peer) => void>> = {
  'a closed connection': (peer) => {
    peer.socket.destroy();
  },
  'a connection that is half closed, though the server still reads': (peer) => {
    peer.socket.end();
  },
  'a line that is no JSON': (peer) => {
    peer.raw('garbage\n');
  },
  'random bytes': (peer) => {
    peer.raw(Buffer.from([0, 255, 254, 10, 1, 2, 3]));
  },
  'a message that is neither answer nor notification': (peer) => {
    peer.send({ hello: 1 });
  },
  'a request, as if we were a server': (peer) => {
    peer.send({ jsonrpc: '2.0', id: 1, method: 'server.info' });
  },
  'a number': (peer) => {
    peer.send(17);
  },
  'a line over the bound': (peer) => {
    peer.raw(Buffer.alloc(bounds.frameBytesMax + 1, 'x'));
  },
  'half a line, then the end': (peer) => {
    peer.socket.end('{"jsonrpc":"2.0","id":2,"res');
  },
};

test.each(Object.keys(lastWords))('after %s whatever waits is rejected, and so is what comes after', async (name) => {
  await using the = await pair();
  const calls = [the.client.call('lease.release', { pid: 1 }), the.client.call('server.status')];
  await the.peer.requests.take();
  lastWords[name]?.(the.peer);
  for (const result of await Promise.allSettled(calls)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'ConnectionLostError' } });
  }
  await the.peer.closed;
  await expect(the.client.call('server.status')).rejects.toBeInstanceOf(ConnectionLostError);
});

test('the reason that a server gives for closing is kept as the cause', async () => {
  await using the = await pair();
  const call = the.client.call('server.status');
  await the.peer.requests.take();
  the.peer.fail({ id: null }, -32600, 'invalidRequest', 'too long');
  the.peer.socket.end();
  await expect(call).rejects.toMatchObject({
    message: /server\.status.*may have been done/,
    cause: { kind: 'invalidRequest', message: 'too long' },
  });
});

test('a request over the bound is refused here, and the connection lives', async () => {
  await using the = await pair();
  const label = '€'.repeat(bounds.frameBytesMax / 3);
  await expect(the.client.call('lease.list', { label })).rejects.toMatchObject({ kind: 'invalidRequest' });
  const call = the.client.call('server.status');
  the.peer.answer(await the.peer.requests.take(), 'ok');
  expect(await call).toBe('ok');
});

test('close() rejects what waits, is idempotent, and ends the connection', async () => {
  await using the = await pair();
  const call = expect(the.client.call('server.status')).rejects.toMatchObject({
    name: 'ConnectionLostError',
    cause: { name: 'ClientClosedError' },
  });
  await the.peer.requests.take();
  await Promise.all([the.client.close(), the.client.close()]);
  await call;
  await the.peer.closed;
  await expect(the.client.call('server.status')).rejects.toMatchObject({ name: 'ClientClosedError' });
});
