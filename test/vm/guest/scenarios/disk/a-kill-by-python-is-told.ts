import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { SignalLog } from '../../support/signal-log.ts';
import { stranger } from '../../support/strangers.ts';

export async function run(): Promise<void> {
  await using sentinel = Sentinel.open({ guard: false });
  const log = new SignalLog(sentinel);
  await using target = await startSleeper();
  const program = 'import os, sys; os.kill(int(sys.argv[1]), 9)';
  assert.equal((await stranger(['python3', '-c', program, String(target.pid)])).code, 0);
  const seen = await log.first((event) => event.target.pid === target.pid);
  assert.deepEqual([seen.sender.comm, seen.sender.cmdline], ['python3', `python3 -c ${program} ${String(target.pid)}`]);
}
