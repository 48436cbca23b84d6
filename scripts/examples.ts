// Records protocol/examples: real questions to a real server, and its real answers, with this machine taken out.
//
//   sudo node_modules/.bin/node scripts/examples.ts
//
// As root, because rights between users are shown too. It touches no process but those that it starts.
import { join } from 'node:path';
import { Book } from './examples/book.ts';
import { recordExplanations } from './examples/explanations.ts';
import { recordHistory } from './examples/history.ts';
import { recordLeases } from './examples/leases.ts';
import { recordProtection } from './examples/protection.ts';
import { recordProtector } from './examples/protector.ts';
import { redactor } from './examples/redact.ts';
import { recordServer } from './examples/server.ts';
import { recordTerminations } from './examples/terminations.ts';
import { World } from './examples/world.ts';

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('run it as root: it starts processes of several users');
  await using world = new World();
  const book = new Book();
  await world.serve('system');
  await recordServer(world, book);
  await recordLeases(world, book);
  await recordProtection(world, book);
  await recordTerminations(world, book);
  await recordExplanations(world, book);
  await recordProtector(world, book);
  await recordHistory(world, book);
  book.write(join(import.meta.dirname, '..', 'protocol', 'examples'), redactor(world.folder));
}

await main();
