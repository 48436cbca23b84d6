import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import type { SignalEvent } from '#protocol/history.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { adopt, runScript, startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { spawn } from 'node:child_process';
import { mountBpffs } from '../../../support/bpffs.ts';
import { stranger } from '../../../support/strangers.ts';

const config = '[sentinel]\npinned = true\n';
const pins = '/sys/fs/bpf/omnimind';

/** A stranger that lives as long as the scenario: for each line it is told, so many tries to kill. Prints how many were refused. */
const killer = `$| = 1; open(my $in, '<&=', 3); while (my $count = <$in>) { my $no = 0; for (1 .. $count) { kill(9, $ARGV[0]) or $no++ } print "$no\\n"; }`;

const countOf = (events: readonly SignalEvent[]): number => events.reduce((sum, { count }) => sum + count, 0);
const triesIn = (events: readonly SignalEvent[]): SignalEvent[] =>
  events.filter(({ outcome, sender }) => outcome === 'denied' && sender?.comm === 'perl');

export async function run(): Promise<void> {
  await mountBpffs();
  await using folder = await makeFolder(0o755);
  await using tree = runScript('while read line <&3; do cat <&3 & echo $!; done');
  await using unprotected = await startSleeper();
  await using rogue = adopt(
    spawn('/bin/sh', ['-c', '(perl -e "$1" "$2"); exit', 'sh', killer, String(tree.pid)], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    }),
  );
  const first = await Omnid.start({ folder, scope: 'system', config });
  const wire = await first.connect();
  const lease = await wire.call('lease.register', { pid: tree.pid, guard: true });
  rogue.say('300\n');
  assert.equal(await rogue.line(), '300');
  await until(async () => {
    const { events } = await wire.call('history.query', { outcome: 'denied' });
    return countOf(events) === 300;
  });
  rogue.say('50\n');
  assert.equal(await rogue.line(), '50');
  await first.kill();
  assert.equal(existsSync(folder.file('run/omnid.sock')), true, 'it had no time to tidy up');

  // Nobody serves: the guard holds, for a new child too, and everything is seen.
  rogue.say('100\n');
  assert.equal(await rogue.line(), '100');
  tree.say('fork\n');
  const child = String(await tree.line());
  assert.match((await stranger(['/usr/bin/kill', '-9', child])).stderr, /Operation not permitted/);
  assert.equal((await stranger(['/usr/bin/kill', '-9', String(unprotected.pid)])).code, 0);
  await unprotected.ended;

  await using second = await Omnid.start({ folder, scope: 'system', config });
  await using other = await second.connect();
  const resumed = await other.call('lease.get', { leaseId: lease.id });
  assert.deepEqual([resumed.state, resumed.guard, resumed.members], ['active', true, 2]);
  const told = await until(async () => {
    const { events } = await other.call('history.query', { limit: 100, order: 'oldest' });
    const seen = events.filter(({ source }) => source === 'sentinel');
    // A repeat is told some time after what is new.
    return countOf(triesIn(seen)) >= 450 && seen.some(({ target }) => target?.pid === unprotected.pid) && seen;
  });
  // To the last one, and none twice: one row, unless the machine is so slow that a quiet second goes by in between.
  const tries = triesIn(told);
  assert.equal(countOf(tries), 450, JSON.stringify(told));
  for (const { target, leaseId } of tries) assert.deepEqual([target?.pid, leaseId], [tree.pid, lease.id]);
  const onChild = told.filter(({ target }) => target?.pid === Number(child));
  assert.deepEqual(
    onChild.map(({ outcome, sender, leaseId }) => [outcome, sender?.cmdline, leaseId]),
    [['denied', `/usr/bin/kill -9 ${child}`, lease.id]],
  );
  const killed = told.filter(({ target, outcome }) => target?.pid === unprotected.pid && outcome === 'delivered');
  assert.deepEqual(
    killed.map(({ count, sender }) => [count, sender?.cmdline]),
    [[1, `/usr/bin/kill -9 ${String(unprotected.pid)}`]],
  );

  await other.call('lease.release', { leaseId: lease.id });
  assert.equal((await stranger(['/usr/bin/kill', '-9', child])).code, 0);
  await second.stop();
  assert.deepEqual(
    readdirSync(pins).flatMap((name) => readdirSync(`${pins}/${name}`)),
    [],
    'a server that stops takes it all out',
  );
}
