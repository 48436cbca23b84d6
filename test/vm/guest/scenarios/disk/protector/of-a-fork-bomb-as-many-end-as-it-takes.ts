import assert from 'node:assert/strict';
import { nobodyIsLost } from '../../../support/contest/nobody-is-lost.ts';

/** More than two hundred processes, which start each other: none of them is large. */
export async function run(): Promise<void> {
  const { hogsEnded } = await nobodyIsLost('forkBomb');
  assert.ok(hogsEnded > 0);
}
