import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { mainPid, output, startService } from '../../support/system.ts';
import { connectOmnid, omnictl, verdictOn } from '../../support/system-omnid.ts';

const unit = '/etc/systemd/system/omnimind.service';
const command = '/usr/local/bin/omnid';

/** As an administrator installs it: the command where npm puts it, the file where systemd looks for it. */
export async function run(): Promise<void> {
  symlinkSync('/omnimind/bin/omnid', command);
  copyFileSync('/omnimind/share/omnimind.service', unit);
  try {
    await output('systemd-analyze', 'verify', unit);
    await output('systemctl', 'daemon-reload');
    await output('systemctl', 'start', 'omnimind');
    await serves();
    await output('systemctl', 'stop', 'omnimind');
    assert.equal(await output('systemctl', 'show', '--property=Result', '--value', 'omnimind'), 'success');
  } finally {
    await output('systemctl', 'stop', 'omnimind').catch(() => '');
    rmSync(unit, { force: true });
    rmSync(command, { force: true });
    await output('systemctl', 'daemon-reload');
  }
}

async function serves(): Promise<void> {
  await (await connectOmnid())[Symbol.asyncDispose]();
  const first = await mainPid('omnimind');
  assert.equal(statSync('/var/lib/omnimind').mode & 0o777, 0o700);
  assert.equal(readFileSync(`/proc/${String(first)}/oom_score_adj`, 'latin1').trim(), '-900');
  assert.match(readFileSync(`/proc/${String(first)}/cgroup`, 'latin1'), /omnimind\.service/);

  await using job = await startService('job', [], '/bin/sleep', '1000');
  const lease = await omnictl('register', '--pid', String(job.pid));
  process.kill(first, 'SIGKILL');
  await until(() => !runs(first));
  assert.equal((await verdictOn(job.pid)).leaseId, lease, 'systemd starts it again, and the lease is there');
}
