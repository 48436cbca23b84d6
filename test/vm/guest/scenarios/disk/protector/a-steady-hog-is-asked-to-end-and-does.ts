import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** SIGTERM is enough. */
export async function run(): Promise<void> {
  const { hogsEnded, signals } = await nobodyIsLost('steady');
  assert.ok(hogsEnded > 0);
  assert.deepEqual(signals, [15]);
}
