import type { Book } from './book.ts';
import { ask, releaseAll } from './leases.ts';
import type { Message } from './peer.ts';
import { adaUid, bobUid, type World } from './world.ts';

export async function recordTerminations(world: World, book: Book): Promise<void> {
  const [ada, bob] = [world.peer(adaUid, 'backend.py'), world.peer(bobUid, 'colleague.py')];
  const terminate = (name: string, params: Message, peer = ada): Promise<Message> =>
    book.record(name, peer, 'process.terminate', params);
  const [job, stubborn] = [await world.job(adaUid, '500_cycles.sh'), await world.job(adaUid, 'stubborn.sh')];
  await terminate('it ends on SIGTERM', { pid: job, reason: 'memory is short' });
  await terminate('it stays, and nothing more is sent', { pid: stubborn, graceMs: 200, escalate: false });
  await terminate('it stays, and is killed after the grace', { pid: stubborn, graceMs: 200, reason: 'memory is short' });
  const protectedJob = await world.job(adaUid, '500_cycles.sh');
  await ask(world, 'lease.register', { pid: protectedJob, label: 'cycles' });
  await terminate('a lease forbids it: an outcome, and not an error', { pid: protectedJob, reason: 'memory is short' });
  await terminate('the owner passes over the lease', { pid: protectedJob, signal: 9, override: true });
  await terminate('another user passes over nothing', { pid: await protectedByRoot(world), override: true }, bob);
  await terminate('a process of another user', { pid: await world.job(adaUid, '500_cycles.sh') }, bob);
  await terminate('a pid that no process has', { pid: await world.gonePid() });
  await terminate('a pid that another process has now', { pid: await world.job(adaUid, '500_cycles.sh'), startTicks: '1' });
  await terminate('the null signal ends nothing', { pid: ada.pid, signal: 0 });
  await releaseAll(world);
}

/** A process of bob's under a lease of root's. */
async function protectedByRoot(world: World): Promise<number> {
  const pid = await world.job(bobUid, '500_cycles.sh');
  await world.peer(0, 'admin.py').call({ jsonrpc: '2.0', id: 0, method: 'lease.register', params: { pid, label: 'nightly' } });
  return pid;
}
