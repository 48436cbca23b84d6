import assert from 'node:assert/strict';
import { contest, hogs } from '../../../support/hogs.ts';

/** The grace ends with the memory. */
export async function run(): Promise<void> {
  const result = await contest('omnid', hogs.stubborn);
  console.log(result);
  assert.equal(result.bystandersLost, 0);
  assert.equal(result.kernelKills, 0);
  assert.deepEqual(result.signals, ['SIGKILL']);
}
