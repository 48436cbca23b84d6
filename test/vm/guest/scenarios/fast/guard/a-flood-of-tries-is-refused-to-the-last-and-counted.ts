import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const tries = 100_000;
const program = `
  my ($pid, $tries) = map { $_ + 0 } @ARGV;
  my $refused = 0;
  for (1 .. $tries) { $refused++ if syscall(62, $pid, 9) < 0 && $! == 1 }
  print $refused;
`;

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using guard = new Guard();
  let dropped = 0;
  guard.sentinel.onDropped(({ count }) => (dropped += count));
  guard.lease(1n);
  guard.mark(target.pid, 1n);
  const { stdout } = await strangersPerl(program, target.pid, tries);
  assert.equal(stdout, String(tries));
  assert.ok(runs(target.pid));
  const told = (): number => guard.log.count(({ outcome }) => outcome === 'denied');
  await until(() => told() + dropped >= tries);
  assert.deepEqual({ told: told(), dropped }, { told: tries, dropped: 0 });
  assert.ok(guard.log.all(({ outcome }) => outcome === 'denied').length <= 3, 'a flood is a handful of events');
}
