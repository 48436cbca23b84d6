import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.mark(target.pid, 1n);
  assert.equal(await send('kill', target.pid, 9), EPERM);
  // What is written here is run by PID 1 itself, a shell, whose kill is built in.
  writeFileSync('/run/init', `kill -9 ${String(target.pid)}\n`);
  await target.ended;
  const seen = await guard.log.first(({ outcome, signal }) => outcome === 'delivered' && signal === 9);
  assert.deepEqual([seen.sender.pid, seen.target.pid], [1, target.pid]);
}
