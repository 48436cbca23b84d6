import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { OomKillSeen } from '#linux/sentinel/events.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { SignalLog } from '../../support/signal-log.ts';
import { mainPid, startService } from '../../support/system.ts';
import { connectOmnid, omnictl, startOmnid } from '../../support/system-omnid.ts';

/** What it has it does not let go to the swap: else the machine stalls for minutes before the kernel gives up. */
const hogProgram = 'syscall(151, 3) == 0 or die $!; my @all; push @all, "x" x 16e6 while 1';

/** The whole machine's memory and swap, and no limit of a group: the kernel chooses among all. */
export async function run(): Promise<void> {
  await using server = await startOmnid();
  await using job = await startService('job', [], '/bin/sleep', '1000');
  const lease = await omnictl('register', '--pid', String(job.pid));
  await using sentinel = Sentinel.open({ guard: false });
  const log = new SignalLog(sentinel);
  const kills: OomKillSeen[] = [];
  sentinel.onOomKills((batch) => kills.push(...batch));

  const started = performance.now();
  await using hog = await startService('hog', [], '/usr/bin/perl', '-e', hogProgram);
  const kill = await until(() => kills[0]);
  console.log(
    `out of memory after ${String(Math.round(performance.now() - started))} ms: ${kill.victim?.comm ?? 'a bare pid'}`,
  );
  assert.equal(kill.pid, hog.pid);
  const signal = await log.first((event) => event.target.pid === hog.pid && event.signal === 9);
  assert.equal(signal.code, 'kernel');

  assert.ok(runs(server.pid) && runs(job.pid));
  assert.equal(await mainPid('omnid'), server.pid);
  await using wire = await connectOmnid();
  const [verdict] = await wire.call('protection.check', { pids: [job.pid] });
  assert.equal(verdict?.leaseId, lease);
  const { context } = await wire.call('server.status', {});
  console.log('pressure then', context, readFileSync('/proc/pressure/memory', 'latin1'));
}
