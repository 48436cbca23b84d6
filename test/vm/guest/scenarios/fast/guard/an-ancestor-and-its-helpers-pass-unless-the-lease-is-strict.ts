import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { send, waysProgram } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** @returns the error number */
function killBySelf(pid: number): number {
  try {
    process.kill(pid, 'SIGTERM');
    return 0;
  } catch (error) {
    return -((error as { errno?: number }).errno ?? 0);
  }
}

/** By a direct child of ours, as a harness runs /bin/kill. */
function killByHelper(pid: number): number {
  return Number(spawnSync('perl', ['-e', waysProgram, '--', 'kill', String(pid), String(pid), '15']).stdout.toString());
}

export async function run(): Promise<void> {
  await using strict = await startSleeper();
  await using first = await startSleeper();
  await using second = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.mark(strict.pid, 1n);
  assert.deepEqual(
    [killBySelf(strict.pid), killByHelper(strict.pid), await send('kill', strict.pid, 15)],
    [EPERM, EPERM, EPERM],
  );

  guard.lease(2n);
  guard.mark(first.pid, 2n);
  guard.mark(second.pid, 2n);
  assert.equal(await send('kill', first.pid, 15), EPERM);
  assert.equal(killBySelf(first.pid), 0);
  await first.ended;
  assert.equal(killByHelper(second.pid), 0);
  await second.ended;
}
