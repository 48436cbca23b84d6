import assert from 'node:assert/strict';
import { Omnid } from '#test/support/server/omnid.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { runScript } from '#test/support/server/processes.ts';

export async function run(): Promise<void> {
  await using folder = await makeFolder(0o755);
  await using tree = runScript('cat <&3 & echo $!; wait');
  const child = Number(await tree.line());
  const first = await Omnid.start({ folder, scope: 'system' });
  await using before = await first.connect();
  const lease = await before.call('lease.register', { pid: tree.pid, label: 'cycles' });
  await first.kill();

  await using second = await Omnid.start({ folder, scope: 'system' });
  await using wire = await second.connect();
  const resumed = await wire.call('lease.get', { leaseId: lease.id });
  assert.deepEqual([resumed.state, resumed.label, resumed.identity], ['active', 'cycles', lease.identity]);
  for (const verdict of await wire.call('protection.check', { pids: [tree.pid, child] })) {
    assert.deepEqual([verdict.allow, verdict.leaseId], [false, lease.id]);
  }
}
