import assert from 'node:assert/strict';
import { serve } from '#test/support/server/served.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { wire } = served;
  const { facts } = await wire.call('server.info', {});
  const ok = (name: string): boolean | undefined => facts.find((fact) => fact.name === name)?.ok;
  assert.deepEqual([ok('psi'), ok('cgroup2'), ok('peerPidfd'), ok('bpfLsm')], [true, true, false, true]);

  const { context } = await wire.call('server.status', {});
  assert.ok(context.psiMemorySomeAvg10 !== null, 'memory pressure is known here');
  assert.ok((context.memAvailableBytes ?? 0) > 0);
}
