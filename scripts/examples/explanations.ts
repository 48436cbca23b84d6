import type { Book } from './book.ts';
import { ask, releaseAll } from './leases.ts';
import type { Message } from './peer.ts';
import { adaUid, bobUid, type World } from './world.ts';

export async function recordExplanations(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const explain = (name: string, params: Message, peer = ada): Promise<Message> =>
    book.record(name, peer, 'process.explain', params);
  const terminate = (params: Message): Promise<Message> =>
    ada.call({ jsonrpc: '2.0', id: 'kill', method: 'process.terminate', params });
  const stubborn = await world.job(adaUid, 'stubborn.sh');
  await terminate({ pid: stubborn, graceMs: 200, reason: 'memory is short' });
  await explain('asked, and killed after the grace', { pid: stubborn });
  await explain('the same, as another user sees it', { pid: stubborn }, bob);
  await explain('the last death', { last: true });
  const protectedJob = await world.job(adaUid, '500_cycles.sh');
  const { id: leaseId } = await ask(world, 'lease.register', { pid: protectedJob, label: 'cycles' });
  await terminate({ pid: protectedJob, reason: 'memory is short' });
  await explain('still running, for its lease held', { leaseId });
  await explain('never seen: no process has the pid, and the history knows none', { pid: 2 ** 31 - 1 });
  await explain('a lease that is not there', { leaseId: 'ls-aaaaaaaaaaaaaaaaaaaa' });
  await explain('which process, is left open', {});
  const contained = world.peer(0, 'backend.py', ['unshare', '--pid', '--fork', 'python3']);
  await explain('from another PID namespace', { pid: protectedJob }, contained);
  await releaseAll(world);
}
