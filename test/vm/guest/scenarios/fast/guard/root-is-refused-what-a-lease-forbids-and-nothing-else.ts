import assert from 'node:assert/strict';
import { runs, runScript, startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { stranger } from '../../../support/strangers.ts';

export async function run(): Promise<void> {
  await using target = runScript("trap 'echo caught' USR1; echo ready; while :; do cat <&3; done");
  await using unmarked = await startSleeper();
  await target.line();
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(target.pid, 1n);

  for (const signal of ['KILL', 'STOP', 'TERM', 'INT', 'QUIT', 'HUP', 'ABRT']) {
    const { code, stderr } = await stranger(['/usr/bin/kill', `-${signal}`, String(target.pid)]);
    assert.equal(code, 1, `${signal}: ${stderr}`);
    assert.match(stderr, /Operation not permitted/);
  }
  assert.ok(runs(target.pid));
  for (const signal of ['0', 'CONT', 'WINCH', 'URG', 'CHLD', 'USR1']) {
    const { code, stderr } = await stranger(['/usr/bin/kill', `-${signal}`, String(target.pid)]);
    assert.equal(code, 0, `${signal}: ${stderr}`);
  }

  const denied = await guard.log.first(({ outcome, signal }) => outcome === 'denied' && signal === 9);
  assert.deepEqual([denied.sender.comm, denied.sender.uid, denied.target.pid, denied.leaseNumber], ['kill', 0, target.pid, 1n]);
  assert.equal(denied.sender.cmdline, `/usr/bin/kill -KILL ${String(target.pid)}`);
  assert.ok(denied.sender.ancestry.some(({ pid }) => pid === process.pid));

  assert.equal((await stranger(['/usr/bin/kill', '-9', String(unmarked.pid)])).code, 0);
  await unmarked.ended;
}
