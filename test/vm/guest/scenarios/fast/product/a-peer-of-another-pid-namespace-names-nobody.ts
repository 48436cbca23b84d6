import assert from 'node:assert/strict';
import { startSleeper } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  await using sleeper = await startSleeper();
  // Without --mount-proc it reads our /proc, and still its own numbers mean others.
  await using relay = await startRelay(served.omnid.socket, { prefix: ['unshare', '--pid', '--fork', '--kill-child'] });
  assert.equal(relay.pid, 1);

  const refused = await relay.wire.refused('lease.register', { pid: sleeper.pid });
  assert.equal(refused.code, 1003);
  // Itself it may register: the socket says who it is.
  const lease = await relay.wire.call('lease.register', {});
  assert.notEqual(lease.identity.pid, 1);
  const [verdict] = await served.wire.call('protection.check', { pids: [lease.identity.pid] });
  assert.equal(verdict?.leaseId, lease.id);
}
