import assert from 'node:assert/strict';
import { startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { omnictl } from '../../../support/omnictl.ts';
import { stranger } from '../../../support/strangers.ts';

const kill = async (process: TestProcess): Promise<number | null> =>
  (await stranger(['/usr/bin/kill', '-9', String(process.pid)])).code;

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { omnid, wire } = served;
  await using released = await startSleeper();
  await using renewed = await startSleeper();
  await using expired = await startSleeper();
  await using over = await startSleeper();
  await using overridden = await startSleeper();
  const all = [released, renewed, expired, over, overridden];
  for (const { pid } of all) await wire.call('lease.register', { pid, guard: true });
  for (const process of all) assert.equal(await kill(process), 1);

  await wire.call('lease.release', { pid: released.pid });
  assert.equal(await kill(released), 0, 'released');
  await released.ended;

  await wire.call('lease.register', { pid: renewed.pid });
  assert.equal(await kill(renewed), 0, 'new terms without a guard');
  await renewed.ended;

  // A heartbeat that does not come, and a lease that may last only so long. On a connection of its own: any message would
  // be a heartbeat.
  await using holder = await omnid.connect();
  for (const [process, terms] of [
    [expired, { ttlMs: 1000 }],
    [over, { maxMs: 1000 }],
  ] as const) {
    const { id: leaseId, guard } = await holder.call('lease.register', { pid: process.pid, guard: true, ...terms });
    assert.equal(guard, true);
    await until(async () => (await wire.call('lease.get', { leaseId })).state === 'expired');
    assert.equal(await kill(process), 0, JSON.stringify(terms));
    await process.ended;
  }

  const went = await omnictl(omnid, 'kill', String(overridden.pid), '--signal', 'KILL', '--override');
  assert.equal(went.code, 0, went.stderr);
  await overridden.ended;
}
