import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { strangersScript } from '../../../support/strangers.ts';

/** A try that the kernel refused, then one of somebody whom the guard lets through. */
export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { wire } = served;
  await using job = await startSleeper();
  const { id: leaseId } = await wire.call('lease.register', { pid: job.pid, label: 'job', guard: true });
  await strangersScript('kill -9 "$1"; exit 0', job.pid);
  assert.ok(runs(job.pid));
  const running = await wire.call('process.explain', { pid: job.pid });
  console.log(running.answer);
  assert.match(running.answer, /is still running; a try to end it was refused: SIGKILL from sh -c kill -9 .* \(pid \d+\)$/);
  assert.deepEqual([running.refused.count, running.lease?.id, running.lease?.effect], [1, leaseId, 'held']);

  // Its parent: the guard lets it through, for the lease is not strict.
  await job.kill();
  const ended = await wire.call('process.explain', { leaseId });
  console.log(ended.answer);
  assert.deepEqual([ended.cause.kind, ended.cause.relation, ended.lease?.effect], ['killed', 'parent', 'passed']);
  assert.equal(ended.refused.count, 1);
}
