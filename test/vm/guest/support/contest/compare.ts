import { contest } from './contest.ts';
import { hogs, watcherNames, type HogName } from './kinds.ts';

/**
 * The same hog for each who watches, one after the other. Prints a line of JSON as soon as one is over: what was measured
 * is kept, should the next contest be the end of this process.
 */
export async function compare(name: HogName): Promise<void> {
  for (const watcher of watcherNames) console.log(JSON.stringify(await contest(watcher, hogs[name])));
}
