import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clientBounds, connect, type HistoryItem } from '#client/index.ts';
import { greeting, ScriptedServer, socketFolder, type Answers } from '#test/support/scripted-server.ts';

const subscriptionId = 'sub-1';
const event = (id: number): unknown => ({ subscriptionId, event: { id } });

const history: Answers = {
  ...greeting,
  'history.subscribe': () => ({ subscriptionId }),
  'history.unsubscribe': () => ({}),
  'server.status': () => 'ok',
};

async function next<Item>(iterator: AsyncIterator<Item, undefined>): Promise<Item> {
  const result = await iterator.next();
  if (result.done === true) throw new Error('the iterator has ended');
  return result.value;
}

test('events and what was missed come in order, those that arrive with the answer too', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...history,
    'history.subscribe': (params, peer, request) => {
      expect(params).toEqual({ signal: 9 });
      const answer = { jsonrpc: '2.0', id: request.id, result: { subscriptionId } };
      const notice = { jsonrpc: '2.0', method: 'history.event', params: event(1) };
      // One write: the notice is parsed before the caller sees the answer.
      peer.raw(`${JSON.stringify(answer)}\n${JSON.stringify(notice)}\n`);
    },
  });
  await using client = await connect({ socket: server.path });
  const peer = await server.peers.take();
  await using watch = await client.watchHistory({ signal: 9 });
  peer.notify('history.missed', { subscriptionId, count: 3, fromId: 2, toId: 4 });
  peer.notify('history.fromTomorrow', { subscriptionId });
  peer.notify('history.event', { subscriptionId: 'of somebody else', event: { id: 99 } });
  peer.notify('history.event', event(5));
  expect([await next(watch), await next(watch), await next(watch)]).toEqual([
    { kind: 'event', event: { id: 1 } },
    { kind: 'missed', count: 3, fromId: 2, toId: 4 },
    { kind: 'event', event: { id: 5 } },
  ]);
});

test('leaving the loop unsubscribes', async () => {
  await using folder = await socketFolder();
  const unsubscribed: unknown[] = [];
  await using server = await ScriptedServer.listen(join(folder.path, 's'), {
    ...history,
    'history.unsubscribe': (params) => {
      unsubscribed.push(params);
      return {};
    },
  });
  await using client = await connect({ socket: server.path });
  const watch = await client.watchHistory();
  (await server.peers.take()).notify('history.event', event(1));
  for await (const item of watch) {
    expect(item.kind).toBe('event');
    break;
  }
  await watch.return();
  expect(unsubscribed).toEqual([{ subscriptionId }]);
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test('a reader that waits is let go by return() and by close()', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), history);
  await using client = await connect({ socket: server.path });
  const [first, second] = [await client.watchHistory(), await client.watchHistory()];
  const readers = Promise.all([first.next(), second.next()]);
  await first.return();
  await client.close();
  expect(await readers).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test('after a lost connection it subscribes again, says that there is a gap, and goes on', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path, history);
  await using client = await connect({ socket: path });
  await using watch = await client.watchHistory({ pid: 4 });
  (await first.peers.take()).notify('history.event', event(7));
  expect(await next(watch)).toMatchObject({ kind: 'event' });
  await first[Symbol.asyncDispose]();
  const filters: unknown[] = [];
  await using second = await ScriptedServer.listen(path, {
    ...history,
    'history.subscribe': (params) => {
      filters.push(params);
      return { subscriptionId };
    },
  });
  const gap = await next(watch);
  expect(gap).toMatchObject({ kind: 'gap', lastId: 7, cause: { name: 'ConnectionLostError' } });
  expect(filters).toEqual([{ pid: 4 }]);
  (await second.peers.take()).notify('history.event', event(9));
  expect(await next(watch)).toEqual({ kind: 'event', event: { id: 9 } });
});

test('where the server does not take it again, the reader is told why', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path, history);
  await using client = await connect({ socket: path });
  await using watch = await client.watchHistory();
  await first[Symbol.asyncDispose]();
  await using _second = await ScriptedServer.listen(path, {
    ...history,
    'history.subscribe': (_params, peer, request) => {
      peer.fail(request, 1105, 'limitReached');
    },
  });
  await expect(watch.next()).rejects.toMatchObject({ kind: 'limitReached' });
  expect(await watch.next()).toEqual({ done: true, value: undefined });
});

test('where no connection is made again, the reader is told that', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), history);
  await using client = await connect({ socket: server.path, reconnect: false });
  await using watch = await client.watchHistory();
  await server[Symbol.asyncDispose]();
  await expect(watch.next()).rejects.toMatchObject({ name: 'ConnectionLostError' });
});

test('a slow reader holds up nobody, and is told how much it missed', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), history);
  await using client = await connect({ socket: server.path });
  await using watch = await client.watchHistory();
  const peer = await server.peers.take();
  const sent = clientBounds.watchItemsMax + 500;
  for (let id = 1; id <= sent; id += 1) peer.notify('history.event', event(id));
  // Its answer comes after the notices, so they have all been taken.
  expect(await client.call('server.status')).toBe('ok');
  const items: HistoryItem[] = [];
  for (let n = 0; n <= clientBounds.watchItemsMax; n += 1) items.push(await next(watch));
  expect(items.slice(0, -1).every(({ kind }) => kind === 'event')).toBe(true);
  expect(items.at(-1)).toEqual({ kind: 'missed', count: 500, fromId: sent - 499, toId: sent });
});

test('the protected set: generation, changes, warnings, and what was missed', async () => {
  await using folder = await socketFolder();
  let generation = 5;
  const answers: Answers = {
    ...greeting,
    'protection.subscribe': () => ({ subscriptionId, generation }),
    'protection.unsubscribe': () => ({}),
  };
  const path = join(folder.path, 's');
  await using first = await ScriptedServer.listen(path, answers);
  await using client = await connect({ socket: path });
  await using watch = await client.watchProtection();
  expect(watch.generation).toBe(5);
  const peer = await first.peers.take();
  peer.notify('protection.changed', { subscriptionId, generation: 6, added: [{ identity: { pid: 1 } }], removed: [] });
  peer.notify('lease.expiring', { subscriptionId, leaseId: 'ls-x', expiresAt: 'soon' });
  peer.notify('protection.changed', { subscriptionId, generation: 9, added: [], removed: [], missed: true });
  expect([await next(watch), await next(watch), await next(watch)]).toEqual([
    { kind: 'changed', generation: 6, added: [{ identity: { pid: 1 } }], removed: [] },
    { kind: 'expiring', leaseId: 'ls-x', expiresAt: 'soon' },
    { kind: 'missed', generation: 9 },
  ]);
  await first[Symbol.asyncDispose]();
  generation = 12;
  await using _second = await ScriptedServer.listen(path, answers);
  expect(await next(watch)).toMatchObject({ kind: 'gap', generation: 12 });
  expect(watch.generation).toBe(12);
});
