import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readMemory } from '#linux/memory.ts';
import { adopt, runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { mebibyte, mortal } from '../../../support/contest/cast.ts';
import { castGroup } from '../../../support/contest/groups.ts';
import { taker } from '../../../support/contest/programs.ts';
import { oomKills, serveProtector, storyOf } from '../../../support/contest/watchers.ts';

/**
 * A server that holds what it holds starts hogs without a thought for process groups: they are of its own, as is what it started
 * before. The hogs are one victim; the others have no part in it.
 */
const server = `
  $0 = 'server';
  $SIG{CHLD} = 'IGNORE';
  my $held = 'x' x (30 << 20);
  my $worker = fork; if ($worker == 0) { $0 = 'worker'; sleep 1000 }
  syswrite STDOUT, "$worker\\n";
  open my $go, '<&=', 3; sysread $go, my $word, 1;
  for (1 .. 40) { if (fork == 0) { @ARGV = ('hog', 1, 0, 1, 100, 60, 0, 0); eval $ENV{TAKER}; exit } }
  sleep 1000 while 1;
`;

export async function run(): Promise<void> {
  await using group = castGroup();
  const [command, ...rest] = mortal(group.folder);
  await using launcher = adopt(
    spawn(command, [...rest, '/usr/bin/perl', '-e', server], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      detached: true,
      env: { ...process.env, TAKER: taker },
    }),
  );
  const worker = Number(await launcher.line());
  const workerTicks = startTicksOf(worker);
  await using served = await serveProtector('unit = "group"\n');
  const before = oomKills();
  launcher.say(`x${'y'.repeat(40)}`);
  await until(async () => (await storyOf(served)).some((line) => line.includes('15 delivered hog')));
  const left = (): number => group.members().length;
  await until(() => left() <= 2);
  assert.ok(runs(launcher.pid) && runs(worker, workerTicks), (await storyOf(served)).join('\n'));
  assert.equal(oomKills(), before);
  assert.ok(readMemory().memAvailableBytes > 100 * mebibyte);
}
