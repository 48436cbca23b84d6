import assert from 'node:assert/strict';
import { stranger } from '../../support/strangers.ts';

export async function run(): Promise<void> {
  const { code, stdout } = await stranger(['pgrep', '-a', '-x', 'sleep']);
  assert.deepEqual([code, stdout], [1, '']);
}
