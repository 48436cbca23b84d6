import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { startStubborn } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const storm = 200_000;
const program = 'my ($pid, $times) = map { $_ + 0 } @ARGV; for (1 .. $times) { syscall(62, $pid, 15) } print $$';

export async function run(): Promise<void> {
  await using target = await startStubborn();
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  let dropped = 0;
  sentinel.onDropped(({ count }) => (dropped += count));
  const started = performance.now();
  const sender = Number((await strangersPerl(program, target.pid, storm)).stdout);
  console.log(`${String(storm)} signals in ${String(Math.round(performance.now() - started))} ms`);
  const ofSender = (): number => log.count((event) => event.sender.pid === sender);
  await until(() => ofSender() + dropped >= storm);
  assert.deepEqual([ofSender(), dropped], [storm, 0]);
  assert.ok(log.all((event) => event.sender.pid === sender).length <= 3, 'a storm is a handful of events');
}
