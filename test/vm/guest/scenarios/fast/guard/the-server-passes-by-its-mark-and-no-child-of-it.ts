import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { startSleeper } from '#test/support/server/processes.ts';
import { Guard, hold } from '../../../support/guard.ts';
import { waysProgram } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.mark(target.pid, 1n);
  assert.throws(() => process.kill(target.pid, 'SIGKILL'), { code: 'EPERM' });
  {
    using self = hold(process.pid);
    assert.ok(guard.sentinel.markServer(self.fd));
  }
  const helper = spawnSync('perl', ['-e', waysProgram, '--', 'kill', String(target.pid), String(target.pid), '9']);
  assert.equal(Number(helper.stdout.toString()), EPERM);
  // Neither does a process pass that only calls itself so.
  const namesake = spawn('/bin/sh', ['-c', 'echo omnid >/proc/$$/comm; kill -9 "$1"; echo $?', 'sh', String(target.pid)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [said] = (await once(namesake.stdout, 'data')) as [Buffer];
  assert.notEqual(said.toString().trim(), '0');
  process.kill(target.pid, 'SIGKILL');
  await target.ended;
}
