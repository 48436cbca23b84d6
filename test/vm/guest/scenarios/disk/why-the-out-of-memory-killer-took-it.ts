import assert from 'node:assert/strict';
import { until } from '#test/support/server/until.ts';
import { startService } from '../../support/system.ts';
import { connectOmnid, omnictl, startOmnid } from '../../support/system-omnid.ts';

/** What it has it does not let go to the swap: else the machine stalls for minutes before the kernel gives up. */
const hogProgram = 'syscall(151, 3) == 0 or die $!; my @all; push @all, "x" x 16e6 while 1';

/** The whole machine's memory, and no limit of a group. */
export async function run(): Promise<void> {
  await using _server = await startOmnid();
  await using hog = await startService('greedy', [], '/usr/bin/perl', '-e', hogProgram);
  await using wire = await connectOmnid();
  const why = await until(async () => {
    const answer = await wire.call('process.explain', { pid: hog.pid });
    return answer.ending.kind === 'signaled' ? answer : undefined;
  }, 500);
  console.log(await omnictl('why', String(hog.pid)));
  assert.match(
    why.answer,
    /was killed by the kernel's OOM killer \(SIGKILL\): the machine was out of memory; it held [\d.]+ [MG]iB$/,
  );
  assert.deepEqual([why.cause.kind, why.oom?.scope], ['oom', 'machine']);
  assert.ok((why.context?.memTotalBytes ?? 0) > 0);
}
