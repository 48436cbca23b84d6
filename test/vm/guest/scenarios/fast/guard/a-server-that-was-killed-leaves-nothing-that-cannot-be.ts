import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { guestPrograms, node } from '../../../support/system.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** Nothing is pinned: programs, marks and terms go with the process that made them, however it ends. */
export async function run(): Promise<void> {
  await using target = await startSleeper();
  const keeper = spawn(node, [`${guestPrograms}/guard-keeper.js`, String(target.pid)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(keeper, 'exit');
  await once(keeper.stdout, 'data');
  assert.equal(await send('kill', target.pid, 9), EPERM);
  keeper.kill('SIGKILL');
  await ended;
  assert.equal(await send('kill', target.pid, 9), 0);
  await target.ended;
}
