import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** As fast as this machine can write to memory. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('sudden');
  assert.ok(hogsEnded > 0);
}
