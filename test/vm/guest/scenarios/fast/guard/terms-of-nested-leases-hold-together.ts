import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using tree = runScript('read -r go <&3; cat <&3 & echo $!; wait');
  await using guard = new Guard();
  guard.lease(1n, { forbiddenSignals: [9] });
  guard.lease(2n, { forbiddenSignals: [15], parentNumber: 1n });
  guard.mark(target.pid, 2n);
  assert.deepEqual([await send('kill', target.pid, 9), await send('kill', target.pid, 15)], [EPERM, EPERM]);
  const denied = await guard.log.first(({ signal }) => signal === 9);
  assert.equal(denied.leaseNumber, 1n, 'the lease that forbids is told');

  // The inner one has ended: its marks lead to the outer one.
  guard.sentinel.endLease(2n);
  assert.equal(await send('kill', target.pid, 9), EPERM);
  assert.equal(await send('kill', target.pid, 15), 0);
  await target.ended;

  // A lease for one process alone: what it starts is covered by the lease around it, and where there is none by none.
  guard.lease(3n, { processOnly: true, parentNumber: 1n });
  guard.mark(tree.pid, 3n);
  tree.say('go\n');
  const child = Number(await tree.line());
  assert.deepEqual([guard.markOf(tree.pid), guard.markOf(child)], [3n, 1n]);
}
