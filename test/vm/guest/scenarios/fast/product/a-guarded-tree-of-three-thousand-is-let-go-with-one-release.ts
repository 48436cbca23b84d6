import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { writeForker } from '../../../support/forker.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const { EPERM } = constants.errno;
const forks = 3000;

/** SIGKILL to each process whose parent it is. Prints how often each error number came, 0 for none. */
const killChildren = `
  my ($parent, %seen) = $ARGV[0];
  opendir(my $proc, '/proc') or die $!;
  for my $name (grep { /^\\d+$/ } readdir $proc) {
    open(my $in, '<', "/proc/$name/stat") or next;
    my ($pid, $ppid) = <$in> =~ /^(\\d+) .*\\) \\S (\\d+)/s;
    $seen{syscall(62, $pid + 0, 9) < 0 ? $! + 0 : 0}++ if $ppid == $parent;
  }
  print map { "$_ $seen{$_}" } keys %seen;
`;

export async function run(): Promise<void> {
  writeForker('/tmp/three-thousand', forks);
  await using tree = runScript('exec /tmp/three-thousand <&3');
  await using served = await serve({ scope: 'system', prefix: ['prlimit', '--nofile=65536'] });
  const { wire } = served;
  const lease = await wire.call('lease.register', { pid: tree.pid, guard: true, strict: true });
  const started = performance.now();
  tree.say('x');
  assert.equal(await tree.line(), 'done');
  console.log(`${String(forks)} forks in ${String(Math.round(performance.now() - started))} ms`);
  // From its first instruction, whether or not the server has taken it in.
  const killAll = async (): Promise<string> => {
    const { stdout, stderr } = await strangersPerl(killChildren, tree.pid);
    return stdout || stderr;
  };
  assert.equal(await killAll(), `${String(EPERM)} ${String(forks)}`);
  await until(async () => (await wire.call('lease.get', { leaseId: lease.id })).members === forks + 1);
  console.log(`all are members after ${String(Math.round(performance.now() - started))} ms`);

  const before = performance.now();
  assert.equal((await wire.call('lease.release', { leaseId: lease.id })).state, 'released');
  console.log(`released in ${String(Math.round(performance.now() - before))} ms`);
  assert.equal(await killAll(), `0 ${String(forks)}`);
}
