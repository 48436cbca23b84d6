import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { countDescriptors, countIdleDescriptors, countPidfds } from '#test/support/server/inspect.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import type { Wire } from '#test/support/server/wire.ts';

const prlimit = '/usr/bin/prlimit';
const descriptors = 160;

/** Opens connections until the server can take no more. */
async function exhaust(omnid: Omnid): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (let count = 0; count < 2 * descriptors; count += 1) wires.push(await omnid.connect());
  return wires;
}

describe.skipIf(!existsSync(prlimit))('a server that is out of descriptors (needs prlimit)', () => {
  it('lives, keeps its leases, and is itself again when there are some', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, prefix: [prlimit, `--nofile=${String(descriptors)}`] });
    await using wire = await omnid.connect();
    await using sleeper = await startSleeper();
    await using tree = runScript('cat <&3 >/dev/null & echo $!; wait');
    const child = Number(await tree.line());
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    const treeLease = await wire.call('lease.register', { pid: tree.pid, marker: 'a'.repeat(24) });
    await wire.call('lease.list', {});
    await until(() => countDescriptors(omnid.pid) > 20);
    const before = await countIdleDescriptors(omnid.pid);
    const pidfds = countPidfds(omnid.pid);
    for (let round = 0; round < 3; round += 1) {
      const wires = await exhaust(omnid);
      // Verdicts may fail now (a client then does not kill), or be right; they are not wrong.
      const { result, error } = await wire.ask('protection.check', { pids: [sleeper.pid, child] });
      if (error === undefined) expect((result as { allow: boolean }[]).map(({ allow }) => allow)).toEqual([false, false]);
      await wire.ask('lease.list', {});
      await wire.ask('lease.register', { pid: sleeper.pid });
      await wire.ask('process.terminate', { pid: child });
      for (const one of wires) one.destroy();
      await until(() => countDescriptors(omnid.pid) === before);
    }
    expect(countPidfds(omnid.pid)).toBe(pidfds);
    expect(await wire.call('lease.get', { leaseId: lease.id })).toMatchObject({ state: 'active', members: 1 });
    expect(await wire.call('lease.get', { leaseId: treeLease.id })).toMatchObject({ state: 'active', members: 2 });
    // The end of a tree is seen, also where it comes while there are none.
    const wires = await exhaust(omnid);
    await tree[Symbol.asyncDispose]();
    for (const one of wires) one.destroy();
    await until(async () => (await wire.call('lease.get', { leaseId: treeLease.id })).state === 'exited');
    expect(await omnid.stop()).toMatchObject({ code: 0, signal: null });
  });
});
