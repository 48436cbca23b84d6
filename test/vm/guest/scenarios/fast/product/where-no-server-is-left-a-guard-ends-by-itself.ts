import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { BpfMap } from '#linux/sentinel/bpf-map.ts';
import { layouts } from '#linux/sentinel/layout.ts';
import { guardNsMax } from '#linux/sentinel/lease-terms.ts';
import { Pins } from '#linux/sentinel/pins.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { mountBpffs } from '../../../support/bpffs.ts';
import { stranger } from '../../../support/strangers.ts';

const pinned = '/sys/fs/bpf/omnimind';

const kill = async ({ pid }: TestProcess): Promise<number | null> =>
  (await stranger(['/usr/bin/kill', '-9', String(pid)])).code;

export async function run(): Promise<void> {
  await withTheServer();
  await mountBpffs();
  await atItsTime();
}

/** Nothing is pinned, as the configuration has it where it does not say: programs and marks were that process's. */
async function withTheServer(): Promise<void> {
  await using folder = await makeFolder(0o755);
  await using job = await startSleeper();
  await using omnid = await Omnid.start({ folder, scope: 'system' });
  await using wire = await omnid.connect();
  await wire.call('lease.register', { pid: job.pid, guard: true });
  assert.equal(await kill(job), 1);
  await omnid.kill();
  assert.equal(await kill(job), 0);
  await job.ended;
}

/** Pinned, the guard goes on; and no server comes back. */
async function atItsTime(): Promise<void> {
  await using folder = await makeFolder(0o755);
  await using short = await startSleeper();
  await using long = await startSleeper();
  await using stack = new AsyncDisposableStack();
  const config = '[sentinel]\npinned = true\n';
  await using omnid = await Omnid.start({ folder, scope: 'system', config });
  const pins = pinsBelow(pinned);
  stack.defer(() => {
    for (const each of pins) each.remove();
  });
  await using wire = await omnid.connect();
  for (const { pid } of [short, long]) await wire.call('lease.register', { pid, guard: true });
  assert.deepEqual([await kill(short), await kill(long)], [1, 1]);
  await wire.call('lease.register', { pid: short.pid, guard: true, maxMs: 5000 });
  await omnid.kill();

  // The lease had an end, and the kernel knows it.
  await until(async () => (await kill(short)) === 0);
  await short.ended;
  // The other has none: its guard ends ten minutes after the server was last heard of.
  assert.equal(await kill(long), 1);
  const ends = pins.flatMap((each) => endsOf(each.openMap('leases')));
  const now = process.hrtime.bigint();
  assert.equal(ends.filter((endNs) => endNs > now && endNs <= now + guardNsMax).length, 1, ends.join());
  assert.equal(ends.length, 2);
}

/** A folder for each database, and in it one for each version of what is pinned. */
function pinsBelow(folder: string): Pins[] {
  const states = readdirSync(folder).map((name) => `${folder}/${name}`);
  return states.flatMap((state) => readdirSync(state).map((version) => new Pins(`${state}/${version}`)));
}

/** When each lease ends, as the kernel has it. */
function endsOf(fd: number): bigint[] {
  const map = new BpfMap(fd, layouts.lease.size, 8);
  return map.keys().map((key) => {
    const value = map.lookup(key);
    assert.ok(value !== undefined);
    return new DataView(value.buffer, value.byteOffset).getBigUint64(layouts.lease.members.end_ns, true);
  });
}
