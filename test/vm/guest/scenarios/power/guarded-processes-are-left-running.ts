import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { guestPrograms, node, said, startService } from '../../support/system.ts';
import { omnictl, startOmnid } from '../../support/system-omnid.ts';
import { send } from '../../support/ways.ts';

const { EPERM } = constants.errno;

/**
 * Services outside of the scenario's group: one that heeds SIGTERM, one that does not, and the guard itself, which neither
 * does; and beside them the product, with a guarded job of its own.
 */
export async function run(): Promise<void> {
  const stubborn = ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 1; done"];
  const services = [
    await startService('left-willing', [], '/bin/sleep', '1000'),
    await startService('left-stubborn', ['TimeoutStopSec=3'], ...stubborn),
  ];
  const pids = services.map(({ pid }) => pid);
  const command = [node, `${guestPrograms}/guard-keeper.js`, ...pids.map(String)];
  await startService('guard-keeper', ['TimeoutStopSec=8'], ...command);
  await said('guard-keeper', 'guarding');
  await startOmnid();
  const job = await startService('left-job', ['TimeoutStopSec=3'], ...stubborn);
  await omnictl('register', '--pid', String(job.pid), '--guard', '--strict');
  for (const pid of [...pids, job.pid]) assert.equal(await send('kill', pid, 9), EPERM);
}
