import { expect, test } from 'vitest';
import { connect, type Client, type HistoryItem, type LeaseHandle } from '#client/index.ts';
import type { EventOutcome } from '#protocol/history.ts';
import { until } from './support/items.ts';
import { Omnid } from './support/omnid.ts';
import { sleeper } from './support/sleeper.ts';

function lossOf(handle: LeaseHandle): Promise<Error> {
  return new Promise((resolve) => handle.on('lost', resolve));
}

/** Is this the row of a lease that has come to this? */
function row(leaseId: string, outcome: EventOutcome): (item: HistoryItem) => item is HistoryItem {
  return (item): item is HistoryItem =>
    item.kind === 'event' && item.event.leaseId === leaseId && item.event.outcome === outcome;
}

async function stateOf(client: Client, handle: LeaseHandle): Promise<string> {
  const { state } = await client.call('lease.get', { leaseId: handle.lease.id });
  return state;
}

test('a held lease outlives its ttl; one that nobody renews does not', async () => {
  await using omnid = await Omnid.start();
  await using holder = await connect({ socket: omnid.socket });
  await using observer = await connect({ socket: omnid.socket });
  await using other = await sleeper();
  await using handle = await holder.lease({ ttlMs: 1_500 });
  await using watch = await observer.watchHistory();
  // A lease without a handle, of three times the ttl, is the clock.
  const { id } = await observer.call('lease.register', { pid: other.pid, renewal: 'heartbeat', ttlMs: 4_500 });
  await until(watch, row(id, 'expired'));
  expect(await stateOf(observer, handle)).toBe('active');
  expect(handle.lease.renewedAt).not.toBeNull();
});

test('SIGKILL of the server and a restart: the same lease goes on, and is renewed', async () => {
  await using omnid = await Omnid.start();
  await using holder = await connect({ socket: omnid.socket });
  await using observer = await connect({ socket: omnid.socket });
  await using other = await sleeper();
  await using handle = await holder.lease({ ttlMs: 2_000, label: 'survivor' });
  const losses: Error[] = [];
  handle.on('lost', (cause) => losses.push(cause));
  const { id } = handle.lease;
  await using watch = await observer.watchHistory();
  const control = await observer.call('lease.register', { pid: other.pid, renewal: 'heartbeat', ttlMs: 5_000 });
  await omnid.end('SIGKILL');
  await omnid.start();
  // The one without a handle has its ttl of grace, and then ends: by then ours has been renewed on the new connection.
  await until(watch, row(control.id, 'expired'));
  const lease = await observer.call('lease.get', { leaseId: id });
  expect(lease).toMatchObject({ id, state: 'active', label: 'survivor' });
  expect([handle.lease.id, losses]).toEqual([id, []]);
});

test('the end of its block releases it', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  await using observer = await connect({ socket: omnid.socket });
  await using watch = await observer.watchHistory();
  let id: string;
  {
    await using handle = await client.lease({ label: 'block' });
    ({ id } = handle.lease);
    expect(await stateOf(observer, handle)).toBe('active');
  }
  await until(watch, row(id, 'released'));
  expect(await observer.call('lease.get', { leaseId: id })).toMatchObject({ state: 'released' });
});

test('released by another connection: lost, with the cause', async () => {
  await using omnid = await Omnid.start();
  await using holder = await connect({ socket: omnid.socket });
  await using observer = await connect({ socket: omnid.socket });
  await using handle = await holder.lease({ ttlMs: 3_000 });
  const lost = lossOf(handle);
  await observer.call('lease.release', { leaseId: handle.lease.id });
  expect(await lost).toMatchObject({ name: 'ProtocolError', kind: 'leaseEnded' });
  // Its own release finds the lease as it ended.
  expect(await handle.release()).toMatchObject({ id: handle.lease.id, state: 'released' });
});

test('a process lease that ended while the connection was lost: told after the restart', async () => {
  await using omnid = await Omnid.start();
  await using holder = await connect({ socket: omnid.socket });
  await using observer = await connect({ socket: omnid.socket });
  await using handle = await holder.lease({ renewal: 'process' });
  const lost = lossOf(handle);
  await observer.call('lease.release', { leaseId: handle.lease.id });
  await omnid.end('SIGKILL');
  await omnid.start();
  expect(await lost).toMatchObject({ kind: 'leaseEnded', data: { state: 'released' } });
});

test('a graceful restart is none the wiser', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  const handle = await client.lease({ label: 'graceful' });
  await omnid.end('SIGTERM');
  const releasing = handle.release();
  await omnid.start();
  expect(await releasing).toMatchObject({ id: handle.lease.id, state: 'released', label: 'graceful' });
});
