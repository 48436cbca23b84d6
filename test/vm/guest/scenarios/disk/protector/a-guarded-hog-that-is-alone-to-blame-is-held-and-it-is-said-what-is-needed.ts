import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { readMemory } from '#linux/memory.ts';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { mebibyte, startTaker } from '../../../support/contest/cast.ts';
import { castGroup } from '../../../support/contest/groups.ts';
import { swap } from '../../../support/contest/swap.ts';
import { oomKills, serveProtector, storyOf } from '../../../support/contest/watchers.ts';
import { omnictl } from '../../../support/omnictl.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/**
 * It has a cgroup of its own, as `omnictl run` gives one, and nobody may kill it. It is held where it is: the others live, the
 * machine can be used, and says what it needs. When its lease ends, so does it.
 */
export async function run(): Promise<void> {
  using _none = swap(false);
  await using session = castGroup();
  await using own = castGroup();
  await using editor = await startTaker('editor', { sizeMiB: 40 }, session.folder);
  await using served = await serveProtector('', { sentinel: true });
  const { wire, omnid } = served;
  const totalMiB = readMemory().memTotalBytes / mebibyte;
  await using hog = await startTaker('training', { chunkMiB: 4, pauseMs: 20, mostMiB: totalMiB }, own.folder);
  const { id, guard } = await wire.call('lease.register', { pid: hog.pid, label: 'training', guard: true });
  assert.equal(guard, true);
  const before = oomKills();
  hog.say('x');
  // Asked seldom: who asks in a loop grows as well.
  const held = await until(async () => (await storyOf(served)).find((line) => line.includes('memory.high')), 300);
  console.log(held);
  assert.match(held, /protected: end a lease, or add memory/);

  // What a person would do now.
  assert.equal(await send('kill', hog.pid, 9), EPERM);
  const { code, stdout } = await omnictl(omnid, 'protector', 'status');
  console.log(stdout, await storyOf(served));
  assert.equal(code, 0);
  assert.ok(runs(hog.pid) && runs(editor.pid), (await storyOf(served)).join('\n'));
  assert.equal(oomKills(), before);
  assert.equal((await omnictl(omnid, 'release', id)).code, 0);
  await hog.ended;
  assert.ok(runs(editor.pid));
  assert.equal(oomKills(), before);
  const { events } = await wire.call('history.query', { source: 'protector', signal: 15 });
  assert.deepEqual(new Set(events.map(({ target }) => target?.pid)), new Set([hog.pid]));
}
