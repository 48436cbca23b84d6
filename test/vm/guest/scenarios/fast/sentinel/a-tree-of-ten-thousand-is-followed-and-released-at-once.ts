import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { writeForker } from '../../../support/forker.ts';
import { Guard } from '../../../support/guard.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const { EPERM } = constants.errno;
const forks = 10_000;

/** To every process of a list. Prints how often each error number came, 0 for none. */
const killAll =
  'my %seen; $seen{syscall(62, $_ + 0, 9) < 0 ? $! + 0 : 0}++ for <STDIN>; print map { "$_ $seen{$_}" } keys %seen';

async function killEach(file: string): Promise<string> {
  const { stdout, stderr } = await strangersPerl(`open(STDIN, '<', shift) or die $!; ${killAll}`, file);
  return stdout || stderr;
}

export async function run(): Promise<void> {
  writeForker('/tmp/forker', forks);
  await using tree = runScript('exec /tmp/forker <&3');
  await using guard = new Guard();
  const joined = new Set<number>();
  let exited = 0;
  let unmarked = 0;
  const lost = { joins: 0, exits: 0, marks: 0 };
  guard.sentinel.onJoins((batch) => {
    for (const { pid, marked } of batch) {
      joined.add(pid);
      if (!marked) unmarked += 1;
    }
  });
  guard.sentinel.onExits((batch) => (exited += batch.length));
  // Of twenty thousand signals at once, all of them different, the ring does not hold all: that is another scenario's.
  guard.sentinel.onDropped(({ where, count }) => {
    if (where in lost) lost[where as keyof typeof lost] += count;
  });
  guard.lease(1n, { strict: true });
  guard.mark(tree.pid, 1n);

  const started = performance.now();
  tree.say('x');
  assert.equal(await tree.line(), 'done');
  console.log(`${String(forks)} forks in ${String(Math.round(performance.now() - started))} ms`);
  await until(() => joined.size + lost.joins >= forks);
  assert.deepEqual([joined.size, unmarked, lost], [forks, 0, { joins: 0, exits: 0, marks: 0 }]);
  writeFileSync('/tmp/children', [...joined].join('\n'));
  assert.equal(await killEach('/tmp/children'), `${String(EPERM)} ${String(forks)}`);

  const before = performance.now();
  guard.sentinel.endLease(1n);
  console.log(`their lease ended in ${(performance.now() - before).toFixed(2)} ms`);
  assert.equal(await killEach('/tmp/children'), `0 ${String(forks)}`);
  process.kill(tree.pid, 'SIGKILL');
  await until(() => exited + lost.exits >= forks + 1);
  console.log(`exits told ${String(exited)}, lost ${String(lost.exits)}`);
}
