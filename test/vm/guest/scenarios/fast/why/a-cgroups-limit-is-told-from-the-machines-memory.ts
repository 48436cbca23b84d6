import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { makeGroup } from '../../../support/limited-group.ts';

const limitBytes = 32 * 2 ** 20;

/** The OOM killer of a cgroup; its victim is under a lease, which cannot help. */
export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { wire } = served;
  const { folder, path } = makeGroup('small');
  writeFileSync(`${folder}/memory.max`, String(limitBytes));
  await using hog = runScript(
    `echo $$ >${folder}/cgroup.procs; read -r go <&3; exec perl -e 'my @all; push @all, "x" x 1e6 while 1'`,
  );
  const { id: leaseId } = await wire.call('lease.register', { pid: hog.pid, label: 'hog' });
  hog.say('go\n');
  await hog.ended;
  assert.equal(hog.child.signalCode, 'SIGKILL');

  const why = await wire.call('process.explain', { pid: hog.pid });
  console.log(why.answer);
  assert.match(
    why.answer,
    /^perl -e .* \(pid \d+\) was killed by the kernel's OOM killer \(SIGKILL\): its cgroup .*small had reached its limit of 32 MiB; it held \d+ MiB$/,
  );
  assert.deepEqual([why.ending.kind, why.ending.signal, why.ending.source], ['signaled', 9, 'wait']);
  assert.deepEqual([why.cause.kind, why.cause.certain, why.lease?.id, why.lease?.effect], ['oom', true, leaseId, 'beyond']);
  assert.deepEqual([why.oom?.scope, why.oom?.cgroup, why.oom?.limitBytes], ['cgroup', path, limitBytes]);
  assert.ok((why.oom?.anonBytes ?? 0) > limitBytes / 2);
  assert.deepEqual(why.unknown, []);
  assert.ok(why.context?.psiMemorySomeAvg10 !== null);
}
