import assert from 'node:assert/strict';
import { startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { omnictl } from '../../../support/omnictl.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { omnid, wire } = served;
  await using sleeper = await startSleeper();

  assert.equal((await omnictl(omnid, 'may-kill', String(sleeper.pid))).code, 0);
  const registered = await omnictl(omnid, 'register', '--pid', String(sleeper.pid), '--label', 'cycles');
  assert.match(registered.stdout, /^ls-[a-z2-7]+\n$/, registered.stderr);

  const [verdict] = await wire.call('protection.check', { pids: [sleeper.pid] });
  assert.deepEqual([verdict?.allow, verdict?.rule, verdict?.leaseId], [false, 'lease', registered.stdout.trim()]);
  const asked = await omnictl(omnid, 'may-kill', String(sleeper.pid));
  assert.equal(asked.code, 1, asked.stderr);

  // The identity has no inode of a pidfd on this kernel, and says nothing of one.
  const { identity } = await wire.call('lease.get', { leaseId: registered.stdout.trim() });
  assert.equal(identity.pidfdId, undefined);

  await sleeper.kill();
  const [gone] = await wire.call('protection.check', { pids: [sleeper.pid] });
  assert.equal(gone?.rule, 'processNotFound');
}
