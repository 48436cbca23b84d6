import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

export async function run(): Promise<void> {
  await using released = await startSleeper();
  await using expired = await startSleeper();
  await using off = await startSleeper();
  await using unguarded = await startSleeper();
  {
    await using guard = new Guard();
    for (const [index, { pid }] of [released, expired, off, unguarded].entries()) {
      guard.lease(BigInt(index + 1));
      guard.mark(pid, BigInt(index + 1));
      assert.equal(await send('kill', pid, 9), EPERM);
    }

    assert.equal(guard.sentinel.endLease(1n), true);
    assert.equal(await send('kill', released.pid, 9), 0);
    await released.ended;

    // No call at all: the kernel looks at its clock.
    guard.lease(2n, { endNs: process.hrtime.bigint() + 500_000_000n });
    await delay(500);
    assert.equal(await send('kill', expired.pid, 9), 0);
    await expired.ended;

    guard.lease(3n, { mode: 'off' });
    assert.equal(await send('kill', off.pid, 9), 0);
    await off.ended;

    assert.equal(await send('kill', unguarded.pid, 9), EPERM);
  }
  // The links went with the sentinel.
  assert.equal(await send('kill', unguarded.pid, 9), 0);
  await unguarded.ended;
}
