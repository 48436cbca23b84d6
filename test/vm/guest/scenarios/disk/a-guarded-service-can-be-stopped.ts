import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { Guard } from '../../support/guard.ts';
import { output, startService } from '../../support/system.ts';
import { send } from '../../support/ways.ts';

const { EPERM } = constants.errno;

/** KubeArmor #246: a service whose PID 1 may not signal it can neither be stopped nor restarted. */
export async function run(): Promise<void> {
  await using willing = await startService('willing', [], '/bin/sleep', '1000');
  const stubborn = await startService(
    'stubborn',
    ['TimeoutStopSec=2'],
    '/bin/sh',
    '-c',
    "trap '' TERM; while :; do sleep 1; done",
  );
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.mark(willing.pid, 1n);
  guard.mark(stubborn.pid, 1n);
  for (const { pid } of [willing, stubborn]) assert.equal(await send('kill', pid, 9), EPERM);

  const started = performance.now();
  await output('systemctl', 'stop', 'willing', 'stubborn');
  console.log(`stopped in ${String(Math.round(performance.now() - started))} ms`);
  const sentTo = async (pid: number, signal: number): Promise<number> =>
    (await guard.log.first((event) => event.target.pid === pid && event.signal === signal && event.outcome === 'delivered'))
      .sender.pid;
  assert.equal(await sentTo(willing.pid, 15), 1);
  assert.equal(await sentTo(stubborn.pid, 9), 1);
  assert.equal(
    guard.log.count(({ outcome, sender }) => outcome === 'denied' && sender.pid === 1),
    0,
  );
}
