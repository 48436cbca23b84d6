import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { runScript } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { until } from '#test/support/server/until.ts';
import { omnictl } from '../../../support/omnictl.ts';
import { stranger } from '../../../support/strangers.ts';

const uid = 1234;
const group = 4321;
const processesPerUidMax = 3;

export async function run(): Promise<void> {
  await appendFile('/etc/group', `watched:x:${String(group)}:\n`);
  const config = `[guard]\ngroup = "watched"\nprocessesPerUidMax = ${String(processesPerUidMax)}\n`;
  await using served = await serve({ scope: 'system', config });
  const as = (...groups: number[]): readonly string[] => [
    'setpriv',
    `--reuid=${String(uid)}`,
    `--regid=${String(uid)}`,
    `--groups=${groups.join()}`,
  ];
  await using outsider = await startRelay(served.omnid.socket, { prefix: as(uid) });
  await using insider = await startRelay(served.omnid.socket, { prefix: as(uid, group) });
  const refused = await outsider.wire.refused('lease.register', { guard: true });
  assert.equal(refused.code, 1003, refused.message);
  assert.match(refused.message, /group watched/);

  await using tree = runScript('read go <&3; for i in 1 2 3 4 5; do cat <&3 & echo $!; done; exec cat <&3', { uid });
  const lease = await insider.wire.call('lease.register', { pid: tree.pid, guard: true });
  assert.equal(lease.guard, true);
  tree.say('go\n');
  const children: number[] = [];
  while (children.length < 5) children.push(Number(await tree.line()));
  await until(async () => (await served.wire.call('lease.get', { leaseId: lease.id })).members === 6);

  const codes = await Promise.all(children.map(async (pid) => (await stranger(['/usr/bin/kill', '-9', String(pid)])).code));
  assert.equal(codes.filter((code) => code === 1).length, processesPerUidMax - 1, `refused of five children: ${codes.join()}`);
  assert.equal((await stranger(['/usr/bin/kill', '-9', String(tree.pid)])).code, 1);
  const told = await served.omnid.logged('not guarded: the uid has as many processes guarded as it may');
  assert.deepEqual([told['uid'], told['processesPerUidMax']], [uid, processesPerUidMax]);
  // What a person finds who asks why one of them died.
  const [killed = 0] = children.filter((_, index) => codes[index] === 0);
  await until(async () => {
    const { events } = await served.wire.call('history.query', { leaseId: lease.id, outcome: 'unguarded' });
    return events.length === 1 && events[0]?.count === 6 - processesPerUidMax && /uid 1234 has 3/.test(events[0].reason ?? '');
  });
  const why = await omnictl(served.omnid, 'why', String(killed));
  assert.match(why.stdout, /the guard did not hold this process: its owner has as many processes guarded as it may/);
  const full = await insider.wire.refused('lease.register', { guard: true });
  assert.equal(full.code, 1105, full.message);
}
