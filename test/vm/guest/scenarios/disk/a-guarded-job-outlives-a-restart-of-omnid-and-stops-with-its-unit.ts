import assert from 'node:assert/strict';
import { constants } from 'node:os';
import type { SignalEvent } from '#protocol/history.ts';
import { until } from '#test/support/server/until.ts';
import { output, startService } from '../../support/system.ts';
import { omnictl, startOmnid, verdictOn } from '../../support/system-omnid.ts';
import { send } from '../../support/ways.ts';

const { EPERM } = constants.errno;

/** All of it as an administrator has it: services of systemd's, and the commands. */
export async function run(): Promise<void> {
  await using _omnid = await startOmnid();
  await using job = await startService('job', ['TimeoutStopSec=2'], '/bin/sh', '-c', "trap '' TERM; while :; do sleep 1; done");
  const lease = await omnictl('register', '--pid', String(job.pid), '--guard', '--strict');
  assert.equal(await send('kill', job.pid, 9), EPERM);

  await output('systemctl', 'restart', 'omnid');
  const verdict = await verdictOn(job.pid);
  assert.deepEqual([verdict.allow, verdict.leaseId], [false, lease]);
  assert.equal(await send('kill', job.pid, 9), EPERM, 'the server that took it up guards it');

  // It heeds no SIGTERM: PID 1 sends SIGKILL, and gets through.
  await output('systemctl', 'stop', 'job');
  const rows = await until(async () => {
    const text = await omnictl('history', '--target', String(job.pid), '--source', 'sentinel', '--json');
    const events = (JSON.parse(text) as SignalEvent[]).toReversed();
    return events.some(({ outcome }) => outcome === 'exited') && events;
  });
  const told = rows.filter(({ signal }) => signal === 9 || signal === 15);
  assert.deepEqual(
    told.filter(({ outcome }) => outcome !== 'exited').map(({ signal, outcome, sender }) => [signal, outcome, sender?.comm]),
    [
      [9, 'denied', 'perl'],
      [9, 'denied', 'perl'],
      [15, 'ignored', 'systemd'],
      [9, 'delivered', 'systemd'],
    ],
  );
}
