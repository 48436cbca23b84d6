import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { omnictl } from '../../../support/omnictl.ts';

/** Tells its cgroup, and what that is allowed. */
const show = 'group=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); echo $group; cat $group/memory.high $group/cpu.weight';

export async function run(): Promise<void> {
  await using folder = await makeFolder();
  await using omnid = await Omnid.start({ folder });
  const limits = ['--memory-high', '64M', '--cpu-weight', '50'];
  const { code, stdout, stderr } = await omnictl(omnid, 'run', ...limits, '--', '/bin/sh', '-c', show);
  const [group = '', memoryHigh, cpuWeight] = stdout.split('\n');
  assert.match(group, /\/omnimind-run-\d+-[\w-]{43}$/);
  assert.deepEqual({ code, memoryHigh, cpuWeight }, { code: 0, memoryHigh: String(64 * 2 ** 20), cpuWeight: '50' });
  assert.doesNotMatch(stderr, /without/);
  assert.equal(existsSync(group), false);
}
