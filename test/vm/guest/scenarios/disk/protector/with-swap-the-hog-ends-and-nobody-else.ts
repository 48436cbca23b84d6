import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** Swap counts as memory that is left. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('steadyWithSwap');
  assert.ok(hogsEnded > 0);
}
