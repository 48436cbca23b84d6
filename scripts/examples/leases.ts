import type { Book } from './book.ts';
import type { Message } from './peer.ts';
import { adaUid, bobUid, type World } from './world.ts';

export async function recordLeases(world: World, book: Book): Promise<void> {
  await recordRegister(world, book);
  await recordRenew(world, book);
  await recordRelease(world, book);
  await recordReading(world, book);
}

async function recordRegister(world: World, book: Book): Promise<void> {
  const [ada, bob, admin] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py'), world.peer(0, 'admin.py')];
  const job = await world.job(adaUid, '500_cycles.sh');
  const register = (name: string, params?: Message, peer = ada): Promise<Message> =>
    book.record(name, peer, 'lease.register', params);

  const granted = await register('a job and all that it starts', { pid: job, label: 'cycles', reason: '500-cycle run' });
  await register('the same process again, by the same owner: the same lease with new terms', {
    pid: job,
    label: 'cycles',
    maxMs: 86_400_000,
  });
  const { startTicks } = granted['identity'] as { startTicks: string };
  await register('a claim that names the process for certain', { pid: job, startTicks, label: 'cycles' });
  await register('a claim that another process had', { pid: job, startTicks: '1', label: 'cycles' });
  await register('the caller itself, by heartbeat', { renewal: 'heartbeat', ttlMs: 30_000, label: 'backend' });
  await register('one process alone, with a marker, and only KILL and STOP forbidden', {
    pid: await world.job(adaUid, '500_cycles.sh'),
    scope: 'process',
    forbiddenSignals: [9, 19],
    priority: 10,
    marker: 'mXo2zWmM7yq0Q1sJ4bB8cA',
  });
  await register('a pid that no process has', { pid: await world.gonePid() });
  await register('a process of another user', { pid: job }, bob);
  await register('a system process', { pid: 1 });
  await register('a process that another owner has registered', { pid: job }, admin);
  await register('a ttl below what the server grants', { ttlMs: 5 });
  await register('a heartbeat for a lease that has none', { renewal: 'process', ttlMs: 30_000 });
  await register('a guard, which this version does not have', { pid: job, guard: true });
  await register('a member that the method does not have', { pid: job, lable: 'cycles' });
  for (let held = 3; held < 8; held += 1)
    await ada.call({
      jsonrpc: '2.0',
      id: 'more',
      method: 'lease.register',
      params: { pid: await world.job(adaUid, '500_cycles.sh') },
    });
  await register('one lease more than a uid may have', { pid: await world.job(adaUid, '500_cycles.sh') });
  await releaseAll(world);
}

async function recordRenew(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const renew = (name: string, params: Message, peer = ada): Promise<Message> => book.record(name, peer, 'lease.renew', params);
  const { id: leaseId } = await ask(world, 'lease.register', {
    pid: await world.job(adaUid, '500_cycles.sh'),
    ttlMs: 30_000,
    label: 'cycles',
  });
  await renew('a heartbeat', { leaseId });
  await renew('a heartbeat that changes the ttl', { leaseId, ttlMs: 60_000 });
  await renew("another user's lease", { leaseId }, bob);
  await renew('a ttl above what the server grants', { leaseId, ttlMs: 172_800_000 });
  await renew('no such lease', { leaseId: 'ls-aaaaaaaaaaaaaaaaaaaa' });
  await ask(world, 'lease.release', { leaseId });
  await renew('a lease that has ended', { leaseId });
}

async function recordRelease(world: World, book: Book): Promise<void> {
  const [ada, bob, admin] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py'), world.peer(0, 'admin.py')];
  const release = (name: string, params: Message, peer = ada): Promise<Message> =>
    book.record(name, peer, 'lease.release', params);
  const lease = async (): Promise<Message> =>
    ask(world, 'lease.register', { pid: await world.job(adaUid, '500_cycles.sh'), label: 'cycles' });
  const first = await lease();
  await release("another user's lease", { leaseId: first['id'] }, bob);
  await release('by its id', { leaseId: first['id'] });
  await release('a lease that has ended', { leaseId: first['id'] });
  await release('by the pid of a member: the innermost lease that covers it', {
    pid: ((await lease())['identity'] as Message)['pid'],
  });
  await release("by root, another's: revoked", { leaseId: (await lease())['id'] }, admin);
  await release('a pid that no lease covers', { pid: ada.pid });
  await release('neither a lease nor a pid', {});
}

async function recordReading(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const job = await world.job(adaUid, '500_cycles.sh');
  const { id: leaseId } = await ask(world, 'lease.register', { pid: job, label: 'cycles', reason: '500-cycle run' });
  await book.record('an active lease', ada, 'lease.get', { leaseId });
  await book.record("another user's: label and reason stay out", bob, 'lease.get', { leaseId });
  const ended = await ask(world, 'lease.register', { pid: await world.job(adaUid, '500_cycles.sh'), label: 'short' });
  await ask(world, 'lease.release', { leaseId: ended['id'] });
  await book.record('a lease that has ended', ada, 'lease.get', { leaseId: ended['id'] });
  await book.record('no such lease', ada, 'lease.get', { leaseId: 'ls-aaaaaaaaaaaaaaaaaaaa' });
  await book.record('not a lease id', ada, 'lease.get', { leaseId: '4242' });

  await book.record('the active leases', ada, 'lease.list');
  const page = await book.record('ended ones too, a page of one', ada, 'lease.list', { state: 'any', limit: 1 });
  await book.record('the page after it', ada, 'lease.list', { state: 'any', limit: 1, cursor: page['nextCursor'] });
  await book.record('by label', ada, 'lease.list', { label: 'cycles' });
  await book.record("by another user's label: no match", bob, 'lease.list', { label: 'cycles' });
  await book.record('a cursor that is not from a page before', ada, 'lease.list', { cursor: 'next' });
  await releaseAll(world);
}

/** Asks as ada without noting it. */
export async function ask(world: World, method: string, params: Message): Promise<Message> {
  const response = await world.peer(adaUid, 'backend.py').call({ jsonrpc: '2.0', id: 0, method, params });
  return response['result'] as Message;
}

/** Makes room: what the next scenario shows should be its own. */
export async function releaseAll(world: World): Promise<void> {
  const { leases } = (await ask(world, 'lease.list', {})) as unknown as { leases: { id: string }[] };
  for (const { id } of leases) await ask(world, 'lease.release', { leaseId: id });
}
