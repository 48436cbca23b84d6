import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** None of them is large: it is their sum. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('small');
  assert.ok(hogsEnded > 0);
}
