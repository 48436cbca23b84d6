import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { sendEach } from '../../../support/ways.ts';

const { EPERM } = constants.errno;
/** CHLD, CONT, URG, WINCH: they end and stop nothing, and pass whatever a lease says. */
const harmless = [17, 18, 23, 28];
const all = Array.from({ length: 64 }, (_, index) => index + 1);

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n, { forbiddenSignals: all });
  guard.mark(target.pid, 1n);
  assert.deepEqual(
    await sendEach(target.pid, all),
    all.map((signal) => (harmless.includes(signal) ? 0 : EPERM)),
  );
  for (const signal of all.filter((each) => !harmless.includes(each))) {
    await guard.log.first((event) => event.signal === signal && event.outcome === 'denied');
  }
  // One at a time: what another lease does not name passes, the others do not.
  guard.lease(1n, { forbiddenSignals: [64] });
  assert.deepEqual(await sendEach(target.pid, [64, 17, 63]), [EPERM, 0, 0]);
  await target.ended;
}
