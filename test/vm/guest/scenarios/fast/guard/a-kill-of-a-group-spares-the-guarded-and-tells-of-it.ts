import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { strangersPerl } from '../../../support/strangers.ts';

export async function run(): Promise<void> {
  // A group of three: the shell and two children, of which one is guarded.
  const script = 'sleep 1000 & echo $!; sleep 1000 & echo $!; wait; wait';
  const leader = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const children: number[] = [];
  for await (const line of createInterface(leader.stdout)) {
    children.push(Number(line));
    if (children.length === 2) break;
  }
  const [guarded = 0, other = 0] = children;
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(guarded, 1n);
  const ended = once(leader, 'exit');
  const { stdout } = await strangersPerl('print syscall(62, -$ARGV[0], 9)', leader.pid ?? 0);
  assert.equal(stdout, '0', 'a kill of a group succeeds where any of it was signalled');
  await ended;
  // A zombie is of the group still.
  await until(() => !existsSync(`/proc/${String(other)}`));
  assert.ok(runs(guarded));
  const denied = await guard.log.first(({ outcome }) => outcome === 'denied');
  assert.deepEqual([denied.target.pid, denied.signal], [guarded, 9]);

  // With nobody left but the guarded one, it fails.
  const again = await strangersPerl('print syscall(62, -$ARGV[0], 9) < 0 ? $! + 0 : 0', leader.pid ?? 0);
  assert.equal(again.stdout, '1');
}
