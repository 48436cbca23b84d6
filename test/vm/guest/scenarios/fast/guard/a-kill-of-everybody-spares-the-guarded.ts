import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { stranger } from '../../../support/strangers.ts';

const alice = 1000;

/** kill(-1), as a user: everything of theirs but themselves. Root's would take the scenario along. */
export async function run(): Promise<void> {
  await using guarded = await startSleeper({ uid: alice });
  await using first = await startSleeper({ uid: alice });
  await using second = await startSleeper({ uid: alice });
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(guarded.pid, 1n);
  // The shells around it are of the same user: only the sender itself is spared.
  await stranger(['perl', '-e', 'print kill(9, -1)'], { uid: alice });
  await first.ended;
  await second.ended;
  assert.ok(runs(guarded.pid));
  const denied = await guard.log.first(({ outcome }) => outcome === 'denied');
  assert.deepEqual([denied.target.pid, denied.sender.comm, denied.sender.uid], [guarded.pid, 'perl', alice]);
  for (const { pid } of [first, second]) {
    await guard.log.first(({ outcome, target, signal }) => outcome === 'delivered' && target.pid === pid && signal === 9);
  }
}
