import assert from 'node:assert/strict';
import { oomScoreAdjustOf } from '#linux/protector/oom-score.ts';
import { runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { serveProtector } from '../../../support/contest/watchers.ts';

/** Also the server itself, whose program stays in memory. */
export async function run(): Promise<void> {
  await using served = await serveProtector();
  const { wire, omnid } = served;
  assert.equal(oomScoreAdjustOf(omnid.pid), -1000);
  const { survival } = await wire.call('protector.status', {});
  assert.deepEqual(survival, { programLock: { done: true }, oomScore: { done: true } });

  await using tree = runScript('echo 100 >/proc/self/oom_score_adj; echo ready; read -r go <&3; cat <&3 & echo $!; wait');
  assert.equal(await tree.line(), 'ready');
  const { id } = await wire.call('lease.register', { pid: tree.pid });
  const shielded = await until(() => {
    const score = oomScoreAdjustOf(tree.pid);
    return score !== 100 && score;
  });
  assert.ok(shielded < -900);
  tree.say('go\n');
  const child = Number(await tree.line());
  assert.equal(oomScoreAdjustOf(child), shielded);
  await wire.call('lease.release', { leaseId: id });
  await until(() => oomScoreAdjustOf(tree.pid) === 100);
  // What was inherited is not a value of the child's own: it has the ordinary one.
  await until(() => (oomScoreAdjustOf(child) ?? 0) >= 0);
}
