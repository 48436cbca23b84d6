import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { runs, runScript, startTicksOf } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { stranger } from '../../../support/strangers.ts';

const config = '[rules]\ndefaults = false\nguardUids = [1000]\n[[rule]]\nname = "nightly"\njob = "^nightly"\n';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system', config });
  const { wire, folder } = served;
  const script = folder.file('nightly.sh');
  writeFileSync(script, 'echo ready; cat <&3');
  await using guarded = runScript(`exec /bin/sh ${script}`, { uid: 1000 });
  await using advised = runScript(`exec /bin/sh ${script}`, { uid: 1001 });
  await guarded.line();
  await advised.line();
  const rules = async (...pids: number[]): Promise<(string | undefined)[]> =>
    (await wire.call('protection.check', { pids })).map(({ rule }) => rule);
  assert.deepEqual(await rules(guarded.pid, advised.pid), ['protectionRule', 'protectionRule']);

  const refused = await stranger(['/usr/bin/kill', '-9', String(guarded.pid)]);
  assert.match(refused.stderr, /Operation not permitted/);
  assert.ok(runs(guarded.pid, startTicksOf(guarded.pid)));
  const denied = await until(async () => {
    const { events } = await wire.call('history.query', { outcome: 'denied', pid: guarded.pid });
    return events[0];
  });
  assert.deepEqual([denied.signal, denied.sender?.uid, denied.leaseId], [9, 0, undefined]);

  // Advice alone: whoever asks nobody kills.
  assert.equal((await stranger(['/usr/bin/kill', '-9', String(advised.pid)])).code, 0);
  await advised.ended;
  // Overridden, by root.
  const ended = await wire.call('process.terminate', { pid: guarded.pid, override: true });
  assert.deepEqual([ended.outcome, ended.verdict.rule], ['exited', 'override']);
}
