import assert from 'node:assert/strict';
import { runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { makeGroup } from '../../../support/limited-group.ts';
import { strangersScript } from '../../../support/strangers.ts';

/** As systemd-oomd ends a unit: no signal is sent by anybody, and each process of the group gets a SIGKILL. */
export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { wire } = served;
  const { folder } = makeGroup('doomed');
  await using job = runScript(`echo $$ >${folder}/cgroup.procs; read -r go <&3; exec sleep 1000`);
  const { id: leaseId } = await wire.call('lease.register', { pid: job.pid, label: 'job' });
  job.say('go\n');
  const { code } = await strangersScript(`echo 1 >${folder}/cgroup.kill`);
  assert.equal(code, 0);
  await job.ended;

  const why = await wire.call('process.explain', { leaseId });
  console.log(why.answer);
  assert.match(
    why.answer,
    / was killed by SIGKILL through its cgroup: sh .* \(pid \d+\) wrote to cgroup\.kill \(or is its tracer: PTRACE_KILL\)$/,
  );
  assert.deepEqual([why.cause.kind, why.cause.certain, why.cause.event?.code], ['cgroupKill', true, 'implied']);
  assert.deepEqual([why.ending.kind, why.ending.signal, why.lease?.effect], ['signaled', 9, 'beyond']);
}
