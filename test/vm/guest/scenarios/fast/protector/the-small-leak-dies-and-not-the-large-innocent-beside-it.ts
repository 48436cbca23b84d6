import assert from 'node:assert/strict';
import { contest, hogs } from '../../../support/hogs.ts';

/** A model server holds 40 % of memory and does nothing; the leak is smaller all the time. */
export async function run(): Promise<void> {
  const result = await contest('omnid', hogs.leakBesideInnocent);
  console.log(result);
  assert.equal(result.bystandersLost, 0);
  assert.equal(result.kernelKills, 0);
  assert.equal(result.hogsEnded, 1);
}
