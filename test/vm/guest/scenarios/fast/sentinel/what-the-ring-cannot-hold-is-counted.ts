import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { until } from '#test/support/server/until.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { strangersPerl } from '../../../support/strangers.ts';

/** Every signal is of another kind: a child each, which is killed. None can be counted together with another. */
const program = `
  my $times = shift() + 0;
  for (1 .. $times) {
    my $child = fork() // die $!;
    if ($child == 0) { sleep 1000; exit }
    kill 9, $child;
    waitpid $child, 0;
  }
  print $$;
`;
const kills = 300;

/** The ring holds about six: while the reader is held up, most must be lost, and none without a word. */
export async function run(): Promise<void> {
  await using sentinel = Sentinel.open({ ringBytes: 4096, guard: false });
  const log = new SignalLog(sentinel);
  let dropped = 0;
  sentinel.onDropped(({ where, count }) => {
    if (where === 'signals') dropped += count;
  });
  const sent = strangersPerl(program, kills);
  await delay(300);
  // Nothing is read in this time.
  const end = performance.now() + 2000;
  while (performance.now() < end);
  const sender = Number((await sent).stdout);
  const told = (): number => log.count(({ signal, code }) => signal === 9 && code === 'user');
  await until(() => told() + dropped >= kills);
  assert.equal(told() + dropped, kills);
  console.log(`sender ${String(sender)}: told ${String(told())}, dropped ${String(dropped)}`);
  assert.ok(dropped > 0);
}
