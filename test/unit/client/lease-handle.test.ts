import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, ConnectionLostError, type LeaseHandle } from '#client/index.ts';
import { renewalMs, renewalRetryMs } from '#client/renewal.ts';
import type { Lease } from '#protocol/lease.ts';
import type { RequestMessage } from '#protocol/message.ts';
import { greeting, Mailbox, ScriptedServer, socketFolder, type Peer } from '#test/support/scripted-server.ts';

/** What a server would answer; the handle looks at these members alone. By its ttl a renewal is due in eight hours. */
function leaseOf(members: Partial<Lease> = {}): Partial<Lease> {
  return { id: 'ls-abcdefghijklmnop', renewal: 'heartbeat', ttlMs: 86_400_000, state: 'active', ...members };
}

const registering = { ...greeting, 'lease.register': () => leaseOf() };

function lossOf(handle: LeaseHandle): Promise<Error> {
  return new Promise((resolve) => handle.on('lost', resolve));
}

async function takeRequest(peer: Peer, method: string): Promise<RequestMessage> {
  const request = await peer.requests.take();
  expect(request.method).toBe(method);
  return request;
}

test('by default it asks for a heartbeat lease of 30 s; what is asked for stands', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  const first = client.lease({ label: 'a' });
  const request = await takeRequest(peer, 'lease.register');
  expect(request.params).toEqual({ renewal: 'heartbeat', ttlMs: 30_000, label: 'a' });
  peer.answer(request, leaseOf());
  await first;
  const second = client.lease({ renewal: 'process' });
  const other = await takeRequest(peer, 'lease.register');
  expect(other.params).toEqual({ renewal: 'process' });
  peer.answer(other, leaseOf({ renewal: 'process', ttlMs: null }));
  await second;
});

test('a heartbeat lease is renewed three times in its ttl, and more often after a failure', () => {
  const lease = leaseOf({ ttlMs: 30_000 }) as Lease;
  expect(renewalMs(lease)).toBe(10_000);
  expect(renewalRetryMs(lease)).toBe(3_000);
});

test('it renews by itself, again and again', async () => {
  await using folder = await socketFolder();
  const renewals = new Mailbox<unknown>();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...greeting,
    'lease.register': () => leaseOf({ ttlMs: 30 }),
    'lease.renew': (params) => {
      renewals.put(params);
      return leaseOf({ ttlMs: 30 });
    },
  });
  await using client = await connect({ socket: server.path });
  await client.lease();
  for (const _turn of [1, 2, 3]) expect(await renewals.take()).toEqual({ leaseId: 'ls-abcdefghijklmnop' });
});

test('it keeps the lease as it was told last', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...registering,
    'lease.renew': () => leaseOf({ members: 7 }),
  });
  await using client = await connect({ socket: server.path });
  const handle = await client.lease();
  await handle.renew();
  expect(handle.lease.members).toBe(7);
});

test('a renewal that fails for a moment is no loss, and is tried again', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...greeting,
    'lease.register': () => leaseOf({ ttlMs: 1_000 }),
  });
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  const handle = await client.lease();
  const losses: Error[] = [];
  handle.on('lost', (cause) => losses.push(cause));
  peer.fail(await takeRequest(peer, 'lease.renew'), -32001, 'overloaded');
  await takeRequest(peer, 'lease.renew');
  expect(losses).toEqual([]);
});

test.each([
  [1101, 'leaseNotFound'],
  [1102, 'leaseEnded'],
  [1003, 'notPermitted'],
] as const)('answer %d (%s) to a renewal: lost, at once, and no more renewals', async (code, kind) => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), registering);
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  const handle = await client.lease();
  const lost = lossOf(handle);
  void handle.renew();
  peer.fail(await takeRequest(peer, 'lease.renew'), code, kind);
  expect(await lost).toMatchObject({ name: 'ProtocolError', kind });
  // Who listens later is told too.
  expect(await lossOf(handle)).toBe(await lost);
});

test('an answer that says the lease has ended is a loss as well', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), registering);
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  const handle = await client.lease();
  const lost = lossOf(handle);
  void handle.renew();
  peer.answer(await takeRequest(peer, 'lease.renew'), leaseOf({ state: 'revoked' }));
  expect(await lost).toMatchObject({ kind: 'leaseEnded', data: { state: 'revoked' } });
  expect(handle.lease.state).toBe('revoked');
});

test('after a restart of the server the same lease is renewed at once, on the new connection', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path, registering);
  await using client = await connect({ socket: path });
  const handle = await client.lease();
  await first[Symbol.asyncDispose]();
  await using second = await ScriptedServer.listen(path);
  const peer = await second.peers.take();
  const renewal = await takeRequest(peer, 'lease.renew');
  expect(renewal.params).toEqual({ leaseId: handle.lease.id });
  const lost = lossOf(handle);
  peer.fail(renewal, 1101, 'leaseNotFound');
  expect(await lost).toMatchObject({ kind: 'leaseNotFound' });
});

test('where no connection is made again a heartbeat lease is lost with it, and a process lease is not', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...greeting,
    'lease.register': (params) => leaseOf(params as Partial<Lease>),
  });
  await using client = await connect({ socket: server.path, reconnect: false });
  const heartbeat = await client.lease();
  const process = await client.lease({ renewal: 'process' });
  const losses: string[] = [];
  process.on('lost', () => losses.push('process'));
  const lost = lossOf(heartbeat);
  await server[Symbol.asyncDispose]();
  expect(await lost).toBeInstanceOf(ConnectionLostError);
  expect(losses).toEqual([]);
});

test('release() is idempotent, ends the renewals, and is no loss', async () => {
  await using folder = await socketFolder();
  let renewals = 0;
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...registering,
    'lease.renew': () => {
      renewals += 1;
      return leaseOf();
    },
  });
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  const handle = await client.lease();
  const losses: Error[] = [];
  handle.on('lost', (cause) => losses.push(cause));
  const releases = Promise.all([handle.release(), handle.release()]);
  peer.answer(await takeRequest(peer, 'lease.release'), leaseOf({ state: 'released' }));
  expect((await releases).map(({ state }) => state)).toEqual(['released', 'released']);
  expect(handle.lease.state).toBe('released');
  await handle.renew();
  expect([renewals, losses.length]).toEqual([0, 0]);
});

test('release() of a lease that has ended gives the lease as it ended', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...registering,
    'lease.release': (_params, peer, request) => {
      peer.fail(request, 1102, 'leaseEnded');
    },
    'lease.get': () => leaseOf({ state: 'expired' }),
  });
  await using client = await connect({ socket: server.path });
  const handle = await client.lease();
  expect(await handle.release()).toMatchObject({ state: 'expired' });
});

test('a release that failed can be tried again; at the end of a block it is no failure of the program', async () => {
  await using folder = await socketFolder();
  let isRefusing = true;
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...registering,
    'lease.release': (_params, peer, request) => {
      if (!isRefusing) return leaseOf({ state: 'released' });
      peer.fail(request, -32000, 'shuttingDown');
      return undefined;
    },
  });
  await using client = await connect({ socket: server.path });
  await using handle = await client.lease();
  await expect(handle.release()).rejects.toMatchObject({ kind: 'shuttingDown' });
  {
    await using _same = handle;
  }
  isRefusing = false;
  expect(await handle.release()).toMatchObject({ state: 'released' });
});

test('a release whose answer was lost is asked for again: it does no harm twice', async () => {
  await using folder = await socketFolder();
  let isFirst = true;
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...registering,
    'lease.release': (_params, peer, request) => {
      if (isFirst) peer.socket.destroy();
      else peer.fail(request, 1102, 'leaseEnded');
      isFirst = false;
    },
    'lease.get': () => leaseOf({ state: 'released' }),
  });
  await using client = await connect({ socket: server.path });
  const handle = await client.lease({ renewal: 'process' });
  expect(await handle.release()).toMatchObject({ state: 'released' });
});
