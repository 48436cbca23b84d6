import assert from 'node:assert/strict';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n, { mode: 'audit' });
  guard.mark(target.pid, 1n);
  assert.equal(await send('kill', target.pid, 9), 0);
  await target.ended;
  const audited = await guard.log.first(({ outcome }) => outcome === 'audited');
  assert.deepEqual([audited.signal, audited.target.pid, audited.leaseNumber, audited.sender.comm], [9, target.pid, 1n, 'perl']);
  // And it is told as what it is: a signal that was delivered.
  await guard.log.first(({ outcome, signal }) => outcome === 'delivered' && signal === 9);
}
