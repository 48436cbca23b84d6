import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { runScript, runs } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { writeForker } from '../../../support/forker.ts';
import { omnictl } from '../../../support/omnictl.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const { EPERM } = constants.errno;
const forks = 10_000;
/** Between two questions: asked without a pause, the server would do little else. */
const pauseMs = 50;

/** SIGKILL to each child of a process. Prints how often each error number came, 0 for none. */
const killChildren = `
  my %seen;
  open(my $in, '<', "/proc/$ARGV[0]/task/$ARGV[0]/children") or die $!;
  $seen{syscall(62, $_ + 0, 9) < 0 ? $! + 0 : 0}++ for split ' ', <$in>;
  print map { "$_ $seen{$_}" } sort keys %seen;
`;

export async function run(): Promise<void> {
  writeForker('/tmp/ten-thousand', forks);
  await using tree = runScript('exec /tmp/ten-thousand <&3');
  await using served = await serve({ scope: 'system', prefix: ['prlimit', '--nofile=65536'] });
  const { wire } = served;
  const lease = await wire.call('lease.register', { pid: tree.pid, guard: true, strict: true });
  const startMs = performance.now();
  const tell = (words: string): void => {
    console.log(`${words} after ${String(Math.round(performance.now() - startMs))} ms`);
  };
  tree.say('x');
  assert.equal(await tree.line(), 'done');
  tell(`${String(forks)} forks`);
  // From its first instruction, whether or not the server has taken it in.
  const killAll = async (): Promise<string> => {
    const { stdout, stderr } = await strangersPerl(killChildren, tree.pid);
    return stdout || stderr;
  };
  assert.equal(await killAll(), `${String(EPERM)} ${String(forks)}`);
  tell('each refused');

  // While they are taken in, the server answers.
  const seen: number[] = [];
  await until(async () => {
    const [verdict] = await wire.call('protection.check', { pids: [tree.pid] });
    assert.equal(verdict?.allow, false);
    seen.push((await wire.call('lease.get', { leaseId: lease.id })).members);
    return seen.at(-1) === forks + 1;
  }, pauseMs);
  tell(`all are members, ${String(seen.length)} questions were answered`);

  const [child = 0] = readFileSync(`/proc/${String(tree.pid)}/task/${String(tree.pid)}/children`, 'latin1')
    .split(' ', 1)
    .map(Number);
  const went = await omnictl(served.omnid, 'kill', String(child), '--signal', 'KILL', '--override');
  assert.equal(went.code, 0, went.stderr);
  await until(() => !runs(child));
  tell('one killed by override');
  // Its parent does not ask for its status: it is among the children still.
  assert.equal(await killAll(), `${String(EPERM)} ${String(forks)}`);

  assert.equal((await wire.call('lease.release', { leaseId: lease.id })).state, 'released');
  tell('released');
  assert.equal(await killAll(), `0 ${String(forks)}`);
  const [verdict] = await wire.call('protection.check', { pids: [tree.pid] });
  assert.equal(verdict?.rule, 'unprotected');
  tell('each killed');
}
