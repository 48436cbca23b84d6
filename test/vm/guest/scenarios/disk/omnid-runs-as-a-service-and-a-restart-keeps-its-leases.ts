import assert from 'node:assert/strict';
import { until } from '#test/support/server/until.ts';
import { output, mainPid, startService } from '../../support/system.ts';
import { connectOmnid, omnictl, startOmnid } from '../../support/system-omnid.ts';

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
  {
    await using wire = await connectOmnid();
    const [verdict] = await wire.call('protection.check', { pids: [job.pid] });
    assert.deepEqual([verdict?.allow, verdict?.leaseId], [false, lease]);
  }

  // A crash: systemd starts it again, and the lease is there.
  const second = await mainPid('omnid');
  process.kill(second, 'SIGKILL');
  await until(async () => ![0, second].includes(await mainPid('omnid')));
  {
    await using wire = await connectOmnid();
    const [verdict] = await wire.call('protection.check', { pids: [job.pid] });
    assert.equal(verdict?.leaseId, lease);
  }
}
