import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { send, ways, type Way } from '../../../support/ways.ts';

const codes: Readonly<Record<Way, readonly [string, boolean]>> = {
  kill: ['user', true],
  tkill: ['tkill', false],
  tgkill: ['tkill', false],
  rt_sigqueueinfo: ['queue', true],
  rt_tgsigqueueinfo: ['queue', false],
  pidfd_send_signal: ['user', true],
};

export async function run(): Promise<void> {
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  for (const way of ways) {
    await using target = await startSleeper();
    assert.equal(await send(way, target.pid, 15), 0);
    await target.ended;
    const seen = await log.first((event) => event.target.pid === target.pid);
    assert.deepEqual([seen.code, seen.wholeProcess], codes[way], way);
  }
}
