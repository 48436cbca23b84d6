import assert from 'node:assert/strict';

export async function run(): Promise<void> {
  await Promise.resolve();
  console.log('said before');
  assert.equal(1, 2, 'one is not two');
}
