import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** The grace ends with the memory. */
export async function run(): Promise<void> {
  const { hogsEnded, signals } = await nobodyIsLost('stubborn');
  assert.ok(hogsEnded > 0);
  assert.deepEqual(signals, [15, 9]);
}
