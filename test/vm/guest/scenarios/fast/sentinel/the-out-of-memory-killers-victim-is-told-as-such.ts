import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { OomKillSeen } from '#linux/sentinel/events.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { hold } from '../../../support/guard.ts';
import { SignalLog } from '../../../support/signal-log.ts';

/** In a group with a limit: the machine itself is not short of memory. Guarded or not, nobody is asked. */
export async function run(): Promise<void> {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '';
  const group = `/sys/fs/cgroup${own.slice(0, own.lastIndexOf('/'))}/small`;
  mkdirSync(group);
  writeFileSync(`${group}/memory.max`, String(32 * 2 ** 20));
  await using hog = runScript(
    `echo $$ >${group}/cgroup.procs; read -r go <&3; exec perl -e 'my @all; push @all, "x" x 1e6 while 1'`,
  );
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  const kills: OomKillSeen[] = [];
  sentinel.onOomKills((batch) => kills.push(...batch));
  sentinel.setLease(3n, { endNs: process.hrtime.bigint() + 60_000_000_000n, forbiddenSignals: [9], mode: 'enforce' });
  using pidfd = hold(hog.pid);
  assert.ok(sentinel.mark(pidfd.fd, 3n));
  hog.say('go\n');
  await hog.ended;
  assert.equal(hog.child.signalCode, 'SIGKILL');

  const kill = await until(() => kills.find(({ pid }) => pid === hog.pid));
  const signal = await log.first((event) => event.target.pid === hog.pid && event.signal === 9);
  assert.deepEqual([signal.code, signal.outcome, signal.leaseNumber], ['kernel', 'delivered', 3n]);
  console.log('victim', kill.victim?.comm, kill.memory, 'allocator', kill.allocator.comm);
  // Before 6.10 or so this kernel's tracepoint names a pid and nothing else, unless the change was taken over.
  if (kill.victim !== undefined) {
    assert.equal(kill.victim.comm, 'perl');
    assert.equal(kill.leaseNumber, 3n);
    assert.ok((kill.memory?.anonBytes ?? 0) > 16 * 2 ** 20);
  }
}
