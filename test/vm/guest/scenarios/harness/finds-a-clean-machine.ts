import assert from 'node:assert/strict';
import { stranger } from '../../support/strangers.ts';

/** What has ended, and was not reaped yet, runs no more. */
export async function run(): Promise<void> {
  const { code, stdout } = await stranger(['pgrep', '--runstates', 'R,S,D,T', '-a', '-x', 'sleep']);
  assert.deepEqual([code, stdout], [1, '']);
}
