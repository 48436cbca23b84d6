import assert from 'node:assert/strict';
import { readMemory } from '#linux/memory.ts';
import { runs } from '#test/support/server/processes.ts';
import { oomKills, serveProtector, startHog } from '../../../support/hogs.ts';

/** The protected one is the larger, and grows too: neither the server nor the kernel takes it. */
export async function run(): Promise<void> {
  await using served = await serveProtector();
  const { wire } = served;
  const totalMiB = readMemory().memTotalBytes / 2 ** 20;
  await using guarded = await startHog(totalMiB * 0.3, 4, 50, 0, totalMiB * 0.4);
  await using other = await startHog(10, 4, 20, 0, totalMiB);
  const { id } = await wire.call('lease.register', { pid: guarded.pid, label: 'training' });
  const before = oomKills();
  guarded.say('x');
  other.say('x');
  await other.ended;
  assert.ok(runs(guarded.pid));
  assert.equal(oomKills(), before);
  const { events } = await wire.call('history.query', { source: 'protector', signal: 15 });
  assert.deepEqual(new Set(events.map(({ target }) => target?.pid)), new Set([other.pid]));
  const { passedOver } = await wire.call('protector.plan', {});
  assert.equal(passedOver.find(({ pid }) => pid === guarded.pid)?.leaseId, id);
  console.log(events.map(({ reason }) => reason));
}
