import assert from 'node:assert/strict';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { output, mainPid, startService } from '../../support/system.ts';
import { connectOmnid, omnictl, startOmnid, verdictOn } from '../../support/system-omnid.ts';

export async function run(): Promise<void> {
  await using job = await startService('job', [], '/bin/sleep', '1000');
  await using first = await startOmnid();
  {
    await using wire = await connectOmnid();
    const { context, swapTotalBytes } = await wire.call('server.status', {});
    assert.ok((swapTotalBytes ?? 0) > 0);
    assert.ok(context.psiMemorySomeAvg10 !== null);
    assert.equal((await wire.call('server.info', {})).scope, 'system');
  }
  const lease = await omnictl('register', '--pid', String(job.pid), '--label', 'job');
  assert.match(await omnictl('list'), /job/);

  await output('systemctl', 'restart', 'omnid');
  assert.notEqual(await mainPid('omnid'), first.pid);
  const restarted = await verdictOn(job.pid);
  assert.deepEqual([restarted.allow, restarted.leaseId], [false, lease]);

  // A crash: systemd starts it again, and the lease is there.
  const second = await mainPid('omnid');
  process.kill(second, 'SIGKILL');
  await until(() => !runs(second));
  assert.equal((await verdictOn(job.pid)).leaseId, lease);
  assert.notEqual(await mainPid('omnid'), second);
}
