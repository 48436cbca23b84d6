import { describe, expect, it } from 'vitest';
import { noPid, runScript, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

describe('the release of a lease', () => {
  it('is released by its id and by the pid of a member, once', async () => {
    await using served = await serve();
    await using tree = runScript('cat <&3 >/dev/null & echo $!; wait');
    const { wire } = served;
    const child = Number(await tree.line());
    const first = await wire.call('lease.register', { pid: tree.pid });
    expect(await wire.call('lease.release', { leaseId: first.id })).toMatchObject({
      id: first.id,
      state: 'released',
      members: 0,
    });
    expect(await wire.refused('lease.release', { leaseId: first.id })).toMatchObject({
      code: 1102,
      data: { state: 'released' },
    });
    const second = await wire.call('lease.register', { pid: tree.pid });
    expect(await wire.call('lease.release', { pid: child })).toMatchObject({ id: second.id, state: 'released' });
    expect(await wire.refused('lease.release', { pid: child })).toMatchObject({ code: 1101 });
    expect(await wire.refused('lease.release', { pid: noPid })).toMatchObject({ code: 1101 });
    expect(await wire.refused('lease.release', {})).toMatchObject({ code: -32602 });
    expect(await wire.refused('lease.release', { pid: child, leaseId: second.id })).toMatchObject({ code: -32602 });
    const outcomes = (await wire.call('history.query', { order: 'oldest' })).events.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['granted', 'released', 'granted', 'released']);
  });

  it('is released once where many ask at the same time', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    const answers = await Promise.all(Array.from({ length: 8 }, () => wire.ask('lease.release', { leaseId: lease.id })));
    expect(answers[0]?.result).toMatchObject({ state: 'released' });
    // Who is answered after the end is on the disk comes too late, and is told so.
    for (const { result, error } of answers) expect(result ?? error?.data).toMatchObject({ state: 'released' });
    const { events } = await wire.call('history.query', { leaseId: lease.id });
    expect(events.map(({ outcome }) => outcome)).toEqual(['released', 'granted']);
  });

  it('holds for a registration that comes while the one before is being released', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    for (let round = 0; round < 30; round += 1) {
      const { id } = await wire.call('lease.register', { pid: sleeper.pid });
      // Both requests reach the server in one piece: the second is begun before the first is on the disk.
      const released = wire.call('lease.release', { leaseId: id });
      const registered = wire.call('lease.register', { pid: sleeper.pid });
      expect((await released).state).toBe('released');
      const lease = await registered;
      expect(lease.state).toBe('active');
      expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({
        allow: false,
        leaseId: lease.id,
      });
    }
  });

  it('has one end, also where its process exits while it is released', async () => {
    await using served = await serve();
    const { wire } = served;
    for (let round = 0; round < 20; round += 1) {
      const sleeper = await startSleeper();
      const { id } = await wire.call('lease.register', { pid: sleeper.pid });
      const released = wire.ask('lease.release', { leaseId: id });
      await sleeper.kill();
      await released;
      const { state } = await until(async () => {
        const lease = await wire.call('lease.get', { leaseId: id });
        return lease.state !== 'active' && lease;
      });
      await wire.call('lease.register', { label: 'a turn of the disk' });
      const { events } = await wire.call('history.query', { leaseId: id, source: 'lease' });
      expect(events.map(({ outcome }) => outcome)).toEqual([state, 'granted']);
    }
  });
});
