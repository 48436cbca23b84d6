import { contest, hogs, type Contest } from '../../support/hogs.ts';

/** The same hogs for the product and for Debian's earlyoom, one after the other. Prints JSON. */
export async function run(): Promise<void> {
  const results: Record<string, Record<string, Contest>> = {};
  for (const [name, kind] of Object.entries(hogs)) {
    results[name] = { omnid: await contest('omnid', kind), earlyoom: await contest('earlyoom', kind) };
  }
  console.log(JSON.stringify(results));
}
