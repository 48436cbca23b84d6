/** The process of one scenario: it reads its name from stdin, its verdict goes to descriptor 3. */
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Verdict } from './messages.ts';
import { NotHere } from './support/not-here.ts';

async function verdictOf(name: string): Promise<Verdict> {
  try {
    const { run } = (await import(join(import.meta.dirname, 'scenarios', `${name}.js`))) as { run: () => Promise<void> };
    await run();
    return { outcome: 'passed' };
  } catch (error) {
    if (error instanceof NotHere) return { outcome: 'skipped', reason: error.message };
    return { outcome: 'failed', reason: words(error) };
  }
}

/** What failed first, and then what failed when it was tidied up. */
function words(error: unknown): string {
  if (!(error instanceof SuppressedError)) return inspect(error, { depth: 4 });
  return `${words(error.suppressed)}\n--- and then ---\n${words(error.error)}`;
}

writeSync(3, JSON.stringify(await verdictOf(readFileSync(0, 'utf8'))));
// What a failed scenario left running is ended from outside.
process.exit(0);
