import assert from 'node:assert/strict';
import { startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { strangersPerl, strangersScript } from '../../../support/strangers.ts';

/** On this kernel too: kill(2), a limit of CPU time and a broken pipe are told apart. */
export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  const why = (pid: number) => served.wire.call('process.explain', { pid });

  await using sleeper = await startSleeper();
  await strangersScript('kill -9 "$1"; exit 0', sleeper.pid);
  const killed = await why(sleeper.pid);
  assert.match(killed.answer, /was killed by SIGKILL from sh -c kill -9/);
  assert.equal(killed.cause.kind, 'killed');

  const limited = Number((await strangersScript("(ulimit -t 1; exec perl -e '$| = 1; print $$; 1 while 1'); exit 0")).stdout);
  const limit = await why(limited);
  assert.match(limit.answer, /at its limit of CPU time of 1 s/);
  assert.equal(limit.cause.kind, 'cpuLimit');

  const brokenPipe = '$| = 1; print $$; pipe(my $read, my $write); close $read; syswrite $write, "x"; sleep 1000';
  const piped = await why(Number((await strangersPerl(brokenPipe)).stdout));
  assert.equal(piped.cause.kind, 'brokenPipe');
}
