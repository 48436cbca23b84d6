import assert from 'node:assert/strict';
import { contest, hogs } from '../../../support/hogs.ts';

/** As fast as this machine can write to memory. */
export async function run(): Promise<void> {
  const result = await contest('omnid', hogs.sudden);
  console.log(result);
  assert.equal(result.bystandersLost, 0);
  assert.equal(result.kernelKills, 0);
  assert.equal(result.hogsEnded, 1);
}
