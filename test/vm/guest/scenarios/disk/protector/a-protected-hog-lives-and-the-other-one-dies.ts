import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** The protected one grows too, to 40 % of memory: neither the server nor the kernel takes it. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('besideProtected');
  assert.ok(hogsEnded > 0);
}
