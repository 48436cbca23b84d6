import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** As while one server takes over from another, or where a user's stands beside the system's. */
export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using first = new Guard();
  first.lease(1n);
  first.mark(target.pid, 1n);
  {
    await using second = new Guard();
    assert.equal(second.markOf(target.pid), undefined, 'a mark is its own guard’s');
    second.lease(1n, { forbiddenSignals: [15] });
    second.mark(target.pid, 1n);
    first.lease(1n, { forbiddenSignals: [9] });
    assert.deepEqual([await send('kill', target.pid, 9), await send('kill', target.pid, 15)], [EPERM, EPERM]);
    await second.log.first(({ outcome, signal }) => outcome === 'denied' && signal === 15);
  }
  assert.equal(await send('kill', target.pid, 9), EPERM);
  assert.equal(await send('kill', target.pid, 15), 0);
  await target.ended;
}
