import assert from 'node:assert/strict';
import { contest, hogs } from '../../../support/hogs.ts';

/** SIGTERM is enough, before the threshold at which others begin. */
export async function run(): Promise<void> {
  const result = await contest('omnid', hogs.steady);
  console.log(result);
  assert.equal(result.bystandersLost, 0);
  assert.equal(result.kernelKills, 0);
  assert.deepEqual(result.signals, ['SIGTERM']);
}
