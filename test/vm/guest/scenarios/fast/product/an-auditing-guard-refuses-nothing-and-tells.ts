import assert from 'node:assert/strict';
import { startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { stranger } from '../../../support/strangers.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system', config: '[guard]\nmode = "audit"\ndefault = true\n' });
  const { wire } = served;
  const { rungs } = await wire.call('server.info', {});
  assert.equal(rungs.find(({ layer }) => layer === 'guard')?.active, false);
  await using sleeper = await startSleeper();
  // By the configuration, without asking.
  const lease = await wire.call('lease.register', { pid: sleeper.pid });
  assert.equal(lease.guard, true);
  assert.equal((await stranger(['/usr/bin/kill', '-9', String(sleeper.pid)])).code, 0);
  await sleeper.ended;
  const told = await until(async () => {
    const { events } = await wire.call('history.query', { pid: sleeper.pid, signal: 9 });
    const outcomes = events.map(({ outcome }) => outcome);
    return outcomes.includes('exited') && outcomes;
  });
  // Oldest last: it was audited, and delivered, and that was the end of it.
  assert.deepEqual(told, ['exited', 'delivered', 'audited']);
}
