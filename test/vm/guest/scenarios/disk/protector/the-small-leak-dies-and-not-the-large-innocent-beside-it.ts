import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** A model server holds half of memory and does nothing; the leak is smaller all the time. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('leakBesideInnocent');
  assert.ok(hogsEnded > 0);
}
