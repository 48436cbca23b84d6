import assert from 'node:assert/strict';
import type { ExitSeen, JoinSeen } from '#linux/sentinel/events.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { hold } from '../../../support/guard.ts';

export async function run(): Promise<void> {
  await using sentinel = Sentinel.open({ guard: false });
  const joins: JoinSeen[] = [];
  const exits: ExitSeen[] = [];
  sentinel.onJoins((batch) => joins.push(...batch));
  sentinel.onExits((batch) => exits.push(...batch));
  sentinel.setLease(7n, { endNs: process.hrtime.bigint() + 60_000_000_000n, forbiddenSignals: [9], mode: 'off' });
  const script =
    "read -r go <&3; sleep 0 & a=$!; (exit 3) & b=$!; sh -c 'kill -9 $$' & c=$!; echo $a $b $c; wait $a $b $c; exit 5";
  await using tree = runScript(script);
  using pidfd = hold(tree.pid);
  assert.ok(sentinel.mark(pidfd.fd, 7n));
  tree.say('go\n');
  const [zero = 0, three = 0, killed = 0] = (await tree.line()).split(' ').map(Number);
  await tree.ended;

  const exit = (pid: number): Promise<ExitSeen> => until(() => exits.find((each) => each.pid === pid));
  const how = async (pid: number): Promise<unknown[]> => {
    const { exitCode, signal, leaseNumber } = await exit(pid);
    return [exitCode, signal, leaseNumber];
  };
  assert.deepEqual(await how(zero), [0, null, 7n]);
  assert.deepEqual(await how(three), [3, null, 7n]);
  assert.deepEqual(await how(killed), [null, 9, 7n]);
  assert.deepEqual(await how(tree.pid), [5, null, 7n]);
  for (const pid of [zero, three, killed]) {
    const join = joins.find((each) => each.pid === pid);
    assert.deepEqual([join?.parentPid, join?.leaseNumber, join?.marked], [tree.pid, 7n, true]);
  }
}
