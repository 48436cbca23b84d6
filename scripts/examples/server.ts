import type { Book } from './book.ts';
import type { Message } from './peer.ts';
import { adaUid, type World } from './world.ts';

export async function recordServer(world: World, book: Book): Promise<void> {
  const ada = world.peer(adaUid, 'backend.py');
  const document = await book.record('the document; cut here to its first method', ada, 'rpc.discover');
  cut(document);
  await book.record('a member that the method does not have', ada, 'rpc.discover', { format: 'yaml' });

  await book.record('who answers', ada, 'server.info');
  await book.record('a client that speaks version 1', ada, 'server.info', { protocolVersion: 1 });
  await book.record('a client that speaks a version that this server does not', ada, 'server.info', { protocolVersion: 2 });

  await book.record('how it does', ada, 'server.status');
  await book.record('a member that the method does not have', ada, 'server.status', { verbose: true });
}

/** The whole document is beside the examples already. */
function cut(document: Message): void {
  const { methods, components } = document as { methods: unknown[]; components: { errors: Record<string, unknown> } };
  methods.splice(1);
  for (const kind of Object.keys(components.errors).slice(1)) delete components.errors[kind];
  (document['x-notifications'] as unknown[]).splice(0);
}
