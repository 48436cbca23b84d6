import { expect, test } from 'vitest';
import { connect, type HistoryItem, type ProtectionItem } from '#client/index.ts';
import { until } from './support/items.ts';
import { Omnid } from './support/omnid.ts';
import { sleeper } from './support/sleeper.ts';

function isGap(item: HistoryItem): item is Extract<HistoryItem, { kind: 'gap' }> {
  return item.kind === 'gap';
}

test('history: the row of a lease that is granted', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  await using watch = await client.watchHistory({ source: 'lease' });
  await using handle = await client.lease({ label: 'watched' });
  const { value } = await watch.next();
  expect(value).toMatchObject({
    kind: 'event',
    event: { outcome: 'granted', source: 'lease', leaseId: handle.lease.id, target: { pid: process.pid } },
  });
});

test('history: after SIGKILL and restart a gap, then the rows after it', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  await using watch = await client.watchHistory();
  await using first = await sleeper();
  await client.call('lease.register', { pid: first.pid });
  const { value } = await watch.next();
  if (value?.kind !== 'event') throw new Error('the first item is the granted row');
  await omnid.end('SIGKILL');
  await omnid.start();
  const gap = await until(watch, isGap);
  expect(gap).toMatchObject({ lastId: value.event.id, cause: { name: 'ConnectionLostError' } });
  await using second = await sleeper();
  const lease = await client.call('lease.register', { pid: second.pid });
  const { value: next } = await watch.next();
  expect(next).toMatchObject({ kind: 'event', event: { leaseId: lease.id, outcome: 'granted' } });
});

test('what an iterator leaves, the server forgets: far more than a connection may have at once', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  for (let n = 0; n < 200; n += 1) {
    await using _history = await client.watchHistory();
    await using _protection = await client.watchProtection();
  }
  const watches = await Promise.allSettled(Array.from({ length: 200 }, () => client.watchHistory()));
  const refused = watches.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ reason: { kind: 'limitReached' } });
});

test('the protected set: what joins and leaves, with a growing generation', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  await using watch = await client.watchProtection();
  await using process = await sleeper();
  const { generation } = watch;
  const has = (list: readonly { readonly pid: number }[]): boolean => list.some(({ pid }) => pid === process.pid);
  const lease = await client.call('lease.register', { pid: process.pid });
  type Changed = Extract<ProtectionItem, { kind: 'changed' }>;
  const joined = await until(
    watch,
    (item): item is Changed => item.kind === 'changed' && has(item.added.map(({ identity }) => identity)),
  );
  expect(joined.generation).toBeGreaterThan(generation);
  expect(joined.added.find(({ identity }) => identity.pid === process.pid)?.leaseId).toBe(lease.id);
  await client.call('lease.release', { leaseId: lease.id });
  const left = await until(watch, (item): item is Changed => item.kind === 'changed' && has(item.removed));
  expect(left.generation).toBeGreaterThan(joined.generation);
});
