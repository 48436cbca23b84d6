import type { Book } from './book.ts';
import type { Message } from './peer.ts';
import { adaUid, type World } from './world.ts';

export async function recordProtector(world: World, book: Book): Promise<void> {
  const ada = world.peer(adaUid, 'backend.py');
  const admin = world.peer(0, 'admin.py');
  await keepOwn(world, ada);
  const plan = await book.record('whom it would pick; others of this machine are cut', ada, 'protector.plan');
  cut(world, plan, 'passedOver');
  const status = await book.record('what it sees', ada, 'protector.status');
  cut(world, status, 'growing');
  await book.record('a member that the method does not have', ada, 'protector.status', { verbose: true });
  await book.record('a member that the method does not have', ada, 'protector.plan', { pid: ada.pid });
  await book.record('by a user whom the server is not of', ada, 'protector.setMode', { mode: 'dev' });
  cut(world, await book.record('by root', admin, 'protector.setMode', { mode: 'observe' }), 'growing');
}

/** It has looked at them once before: who came since the last look would be told of as grown. */
async function keepOwn(world: World, { pid }: { readonly pid: number }): Promise<void> {
  if (!world.has(pid)) throw new Error('the peer is not of this world');
  await world.peer(0, 'admin.py').call({ jsonrpc: '2.0', id: 0, method: 'protector.plan' });
}

function cut(world: World, answer: Message, member: string): void {
  const list = answer[member] as { readonly pid: number }[];
  list.splice(0, list.length, ...list.filter(({ pid }) => world.has(pid)));
}
