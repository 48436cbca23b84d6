import assert from 'node:assert/strict';
import { runs, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { wire } = served;
  await using sleeper = await startSleeper();
  await using stubborn = await startStubborn();
  await using protectedOne = await startSleeper();
  await wire.call('lease.register', { pid: protectedOne.pid });

  const exited = await wire.call('process.terminate', { pid: sleeper.pid, graceMs: 30_000 });
  assert.equal(exited.outcome, 'exited');
  const killed = await wire.call('process.terminate', { pid: stubborn.pid, graceMs: 300 });
  assert.equal(killed.outcome, 'killed');
  // The scenario's process, which asks, is an ancestor of the target and no member of its lease.
  const denied = await wire.call('process.terminate', { pid: protectedOne.pid, graceMs: 300 });
  assert.equal(denied.outcome, 'denied');
  assert.ok(runs(protectedOne.pid));

  const { events } = await wire.call('history.query', { source: 'mediated', order: 'oldest' });
  assert.deepEqual(
    events.map(({ signal, outcome, target }) => [signal, outcome, target?.pid]),
    [
      [15, 'delivered', sleeper.pid],
      [15, 'delivered', stubborn.pid],
      [9, 'delivered', stubborn.pid],
      [15, 'denied', protectedOne.pid],
    ],
  );
}
