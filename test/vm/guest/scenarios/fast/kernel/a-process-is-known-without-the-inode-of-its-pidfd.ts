import assert from 'node:assert/strict';
import { bootId, takeIdentity } from '#linux/identity.ts';
import { readStat } from '#linux/proc-stat.ts';
import { startSleeper } from '#test/support/server/processes.ts';

export async function run(): Promise<void> {
  await using sleeper = await startSleeper();
  const taken = takeIdentity(sleeper.pid);
  assert.ok(taken !== undefined);
  using pidfd = taken.pidfd;
  assert.deepEqual(taken.identity, { pid: sleeper.pid, startTicks: readStat(sleeper.pid)?.startTicks, bootId: bootId() });
  assert.equal(pidfd.inode(), undefined);
  assert.equal(pidfd.alive(), true);
  assert.equal(pidfd.sendSignal(0), 'sent');
  await sleeper.kill();
  assert.equal(pidfd.alive(), false);
  assert.equal(pidfd.sendSignal(9), 'gone');
  assert.equal(takeIdentity(sleeper.pid), undefined);
}
