import assert from 'node:assert/strict';
import { contest, hogs } from '../../../support/hogs.ts';

/** None of them is large: it is their sum. */
export async function run(): Promise<void> {
  const result = await contest('omnid', hogs.small);
  console.log(result);
  assert.equal(result.bystandersLost, 0);
  assert.equal(result.kernelKills, 0);
  assert.ok(result.hogsEnded > 0);
}
