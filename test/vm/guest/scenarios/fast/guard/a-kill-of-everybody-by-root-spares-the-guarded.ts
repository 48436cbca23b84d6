import assert from 'node:assert/strict';
import { runs, runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { stranger } from '../../../support/strangers.ts';

/** kill(-1) by root, in a PID namespace of its own: everybody is whoever is in there, but its init. */
const script = `exec unshare --pid --fork --kill-child sh -c '
  cat <&3 &
  cat <&3 &
  echo ready
  perl -e "while (not -e q(/tmp/everybody)) { select undef, undef, undef, 0.01 } print kill(9, -1), qq(\\n)"
  exec cat <&3'`;

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await stranger(['pgrep', '-P', String(pid), 'cat|sh']);
  return stdout.trim().split('\n').filter(Boolean).map(Number);
}

export async function run(): Promise<void> {
  await using namespace = runScript(script);
  await namespace.line();
  const [init = 0] = await childrenOf(namespace.pid);
  const [guarded = 0, other = 0] = await until(async () => {
    const found = await childrenOf(init);
    return found.length === 2 && found;
  });
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.mark(guarded, 1n);
  await stranger(['touch', '/tmp/everybody']);
  const sent = await namespace.line();
  assert.notEqual(sent, '0', 'a kill of everybody succeeds where anybody was signalled');
  await until(() => !runs(other));
  assert.ok(runs(guarded));
  const denied = await guard.log.first(({ outcome }) => outcome === 'denied');
  assert.deepEqual([denied.target.pid, denied.sender.comm, denied.sender.uid], [guarded, 'perl', 0]);
}
