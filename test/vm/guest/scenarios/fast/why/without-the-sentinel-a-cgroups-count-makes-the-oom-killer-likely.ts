import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { makeGroup } from '../../../support/limited-group.ts';

/** What a user's server can know without root: exits by their pidfds where the kernel tells, and the group's counters. */
export async function run(): Promise<void> {
  await using served = await serve();
  const { wire } = served;
  const { folder } = makeGroup('counted');
  writeFileSync(`${folder}/memory.max`, String(32 * 2 ** 20));
  const gate = served.folder.file('gate');
  // Its parent does not wait for it: on this kernel nobody could tell how it ended afterwards.
  await using parent = runScript(
    `mkfifo "$1"; (echo 0 >${folder}/cgroup.procs; echo ready; read -r go <"$1"; exec perl -e 'my @all; push @all, "x" x 1e6 while 1') & echo $!; exec cat <&3`,
    { args: [gate] },
  );
  const lines = [await parent.line(), await parent.line()];
  const pid = Number(lines.find((line) => line !== 'ready'));
  const { id: leaseId } = await wire.call('lease.register', { pid, label: 'hog' });
  writeFileSync(gate, 'go\n');
  await until(async () => (await wire.call('lease.get', { leaseId })).state === 'exited');
  const why = await wire.call('process.explain', { leaseId });
  console.log(why.answer);
  assert.match(why.answer, /was killed by SIGKILL, probably by the kernel's OOM killer: it killed in its cgroup just then$/);
  assert.deepEqual([why.cause.kind, why.cause.certain, why.lease?.effect], ['oom', false, 'beyond']);
  assert.equal(why.unknown[0]?.what, 'whether it was the OOM killer');

  // Another's SIGKILL, elsewhere, is not taken for it.
  await using sleeper = await startSleeper();
  const other = await wire.call('lease.register', { pid: sleeper.pid });
  await sleeper.kill();
  await until(async () => (await wire.call('lease.get', { leaseId: other.id })).state === 'exited');
  assert.notEqual((await wire.call('process.explain', { leaseId: other.id })).cause.kind, 'oom');
}
