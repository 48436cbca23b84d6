import type { Book } from './book.ts';
import { ask, releaseAll } from './leases.ts';
import { adaUid, bobUid, type World } from './world.ts';

export async function recordHistory(world: World, book: Book): Promise<void> {
  await recordQuery(world, book);
  await recordSubscription(world, book);
  await recordMissed(world, book);
}

async function recordQuery(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const query = 'history.query';
  const page = await book.record('the newest kill by SIGKILL', ada, query, { signal: 9, outcome: 'delivered', limit: 1 });
  await book.record('the page after it', ada, query, { signal: 9, outcome: 'delivered', limit: 1, cursor: page['nextCursor'] });
  await book.record('as another user sees it', bob, query, { signal: 9, outcome: 'delivered', limit: 1 });
  await book.record('what was refused', ada, query, { outcome: 'denied', limit: 1 });
  const { id: leaseId } = await ask(world, 'lease.register', {
    pid: await world.job(adaUid, '500_cycles.sh'),
    label: 'cycles',
  });
  await ask(world, 'lease.release', { leaseId });
  await book.record('the life of a lease, oldest first', ada, query, { leaseId, order: 'oldest' });
  await book.record('nothing matches', ada, query, { target: 'jupyter-lab', since: '2026-01-01T00:00:00.000Z' });
  await book.record('a time that is not ISO 8601 with milliseconds', ada, query, { since: 'yesterday' });
}

async function recordSubscription(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const subscribe = 'history.subscribe';
  const { subscriptionId } = await book.record('a kill: told when it is intended, and again when it is over', ada, subscribe, {
    source: 'mediated',
  });
  await ask(world, 'process.terminate', { pid: await world.job(adaUid, '500_cycles.sh'), reason: 'memory is short' });
  book.told(subscribe, await ada.notification('history.event'), await ada.notification('history.event'));
  for (let count = 0; count < 3; count += 1) await bob.call({ jsonrpc: '2.0', id: 'more', method: subscribe });
  await book.record('one subscription more than a connection may have', bob, subscribe);
  await book.record('a time: a subscription has none', ada, subscribe, { since: '2026-01-01T00:00:00.000Z' });
  await book.record('a subscription of this connection', ada, 'history.unsubscribe', { subscriptionId });
  await book.record('one that is not there, or has ended: nothing happens', ada, 'history.unsubscribe', { subscriptionId });
}

/** A reader that is stopped while more than a mebibyte happens. */
async function recordMissed(world: World, book: Book): Promise<void> {
  const slow = world.peer(adaUid, 'backend.py');
  await book.record('a slow reader: the rows that it was not told of stand in history.query', slow, 'history.subscribe', {
    source: 'lease',
  });
  slow.signal('SIGSTOP');
  const pid = await world.job(adaUid, '500_cycles.sh');
  const busy = world.peer(adaUid, 'backend.py');
  for (let id = 0; id < 2000; id += 1)
    await busy.call({ jsonrpc: '2.0', id, method: 'lease.register', params: { pid, label: String(id) } });
  slow.signal('SIGCONT');
  book.told('history.subscribe', await slow.notification('history.missed'));
  await releaseAll(world);
}
