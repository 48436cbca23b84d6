import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { omnictl } from '../../../support/omnictl.ts';
import { stranger } from '../../../support/strangers.ts';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const { omnid, wire } = served;
  const { rungs } = await wire.call('server.info', {});
  assert.equal(rungs.find(({ layer }) => layer === 'guard')?.active, true, JSON.stringify(rungs));
  await using sleeper = await startSleeper();
  const pid = String(sleeper.pid);
  const registered = await omnictl(omnid, 'register', '--pid', pid, '--guard');
  assert.equal(registered.code, 0, registered.stderr);
  const leaseId = registered.stdout.trim();
  assert.equal((await wire.call('lease.get', { leaseId })).guard, true);

  const refused = await stranger(['/usr/bin/kill', '-9', pid]);
  assert.match(refused.stderr, /Operation not permitted/);
  assert.ok(runs(sleeper.pid));
  const denied = await until(async () => {
    const { events } = await wire.call('history.query', { outcome: 'denied', pid: sleeper.pid });
    return events[0];
  });
  assert.deepEqual(
    [denied.signal, denied.source, denied.sender?.cmdline, denied.sender?.uid, denied.leaseId],
    [9, 'sentinel', `/usr/bin/kill -9 ${pid}`, 0, leaseId],
  );
}
