import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { strangersPerl } from '../../../support/strangers.ts';

/** O_ASYNC with F_SETOWN and F_SETSIG (fcntl(2)): a pipe that becomes readable sends its owner the signal of one's choice. */
const program = `
  my ($pid, $signal) = map { $_ + 0 } @ARGV;
  socketpair(my $one, my $other, 1, 1, 0) or die $!;
  my ($F_SETFL, $F_SETOWN, $F_SETSIG, $O_ASYNC) = (4, 8, 10, 020000);
  fcntl($one, $F_SETOWN, $pid) or die $!;
  fcntl($one, $F_SETSIG, $signal) or die $!;
  fcntl($one, $F_SETFL, $O_ASYNC) or die $!;
  syswrite($other, 'x');
  select(undef, undef, undef, 0.1);
  print 'sent';
`;

export async function run(): Promise<void> {
  await using target = await startSleeper();
  await using unmarked = await startSleeper();
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(target.pid, 1n);
  const sent = await strangersPerl(program, target.pid, 9);
  assert.equal(sent.stdout, 'sent', sent.stderr);
  const denied = await guard.log.first(({ outcome }) => outcome === 'denied');
  assert.deepEqual([denied.signal, denied.target.pid], [9, target.pid]);
  assert.ok(runs(target.pid));

  assert.equal((await strangersPerl(program, unmarked.pid, 9)).stdout, 'sent');
  await unmarked.ended;
}
