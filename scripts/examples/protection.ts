import type { Book } from './book.ts';
import { ask, releaseAll } from './leases.ts';
import type { Message } from './peer.ts';
import { adaUid, bobUid, type World } from './world.ts';

export async function recordProtection(world: World, book: Book): Promise<void> {
  await recordCheck(world, book);
  await recordSet(world, book);
  await recordSubscription(world, book);
  await recordRules(world, book);
}

async function recordCheck(world: World, book: Book): Promise<void> {
  const ada = world.peer(adaUid, 'backend.py');
  const job = await world.job(adaUid, '500_cycles.sh');
  const other = await world.job(adaUid, '500_cycles.sh');
  const check = (name: string, params: Message, peer = ada): Promise<Message> =>
    book.record(name, peer, 'protection.check', params);
  const { identity } = await ask(world, 'lease.register', { pid: job, label: 'cycles' });
  await check('a protected process, one that is not, and a pid that is gone', { pids: [job, other, await world.gonePid()] });
  await check('a signal that ends nothing', { pids: [job], signal: 18 });
  await check('a signal that the lease does not forbid', { pids: [job], signal: 10 });
  await check('by identity', { identities: [identity] });
  await check('by the identity of an earlier process with that pid', { identities: [{ pid: job, startTicks: '1' }] });
  await check('init', { pids: [1] });
  const controller = world.peer(adaUid, 'backend.py');
  await controller.call({ jsonrpc: '2.0', id: 'own', method: 'lease.register' });
  await check('a process of its own lease', { pids: [controller.pid], signal: 15 }, controller);
  await check('pids and identities at once', { pids: [job], identities: [identity] });
  const contained = world.peer(0, 'backend.py', ['unshare', '--pid', '--fork', 'python3']);
  await check('from another PID namespace', { pids: [job] }, contained);
  await releaseAll(world);
}

async function recordSet(world: World, book: Book): Promise<void> {
  const ada = world.peer(adaUid, 'backend.py');
  for (const label of ['cycles', 'notebook'])
    await ask(world, 'lease.register', { pid: await world.job(adaUid, '500_cycles.sh'), label });
  await book.record('the whole set', ada, 'protection.snapshot');
  const page = await book.record('a page of one', ada, 'protection.snapshot', { limit: 1 });
  await book.record('the page after it', ada, 'protection.snapshot', { limit: 1, cursor: page['nextCursor'] });
  await book.record('a page that is too long', ada, 'protection.snapshot', { limit: 5000 });
  await releaseAll(world);
}

async function recordRules(world: World, book: Book): Promise<void> {
  const ada = world.peer(adaUid, 'backend.py');
  await book.record('a rule that covers nothing', ada, 'protection.rules');
  const job = await world.job(adaUid, 'nightly.sh');
  await book.record('a job that was never registered', ada, 'protection.check', { pids: [job] });
  await book.record('and what covers it', ada, 'protection.rules');
}

async function recordSubscription(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const subscribe = 'protection.subscribe';
  const { subscriptionId } = await book.record('a job is registered, warned of its end, and ends', ada, subscribe);
  await ask(world, 'lease.register', { pid: await world.job(adaUid, '500_cycles.sh'), scope: 'process', maxMs: 1000 });
  book.told(subscribe, await ada.notification('protection.changed'), await ada.notification('lease.expiring'));
  book.told(subscribe, await ada.notification('protection.changed'));
  for (let count = 0; count < 3; count += 1) await bob.call({ jsonrpc: '2.0', id: 'more', method: subscribe });
  await book.record('one subscription more than a connection may have', bob, subscribe);
  await book.record('a subscription of this connection', ada, 'protection.unsubscribe', { subscriptionId });
  await book.record('one that is not there, or has ended: nothing happens', ada, 'protection.unsubscribe', { subscriptionId });
  await book.record('without its id', ada, 'protection.unsubscribe', {});
}
