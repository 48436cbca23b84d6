import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noPid, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

const hasKernelThreads = existsSync('/proc/2/comm') && readFileSync('/proc/2/comm', 'utf8') === 'kthreadd\n';

describe('verdicts', () => {
  it('answers for each process asked about, in order, and writes nothing', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    await using free = await startSleeper();
    const { wire, omnid } = served;
    const { id, identity } = await wire.call('lease.register', { pid: sleeper.pid });
    const events = (await wire.call('server.status', {})).events;
    const verdicts = await wire.call('protection.check', {
      pids: [noPid, free.pid, sleeper.pid, 1, omnid.pid, process.pid, sleeper.pid],
    });
    expect(verdicts.map(({ pid, signal, allow, rule }) => [pid, signal, allow, rule])).toEqual([
      [noPid, 9, false, 'processNotFound'],
      [free.pid, 9, true, 'unprotected'],
      [sleeper.pid, 9, false, 'lease'],
      [1, 9, false, 'systemProcess'],
      [omnid.pid, 9, false, 'systemProcess'],
      [process.pid, 9, true, 'ownTree'],
      [sleeper.pid, 9, false, 'lease'],
    ]);
    const { pid, startTicks } = identity;
    const claims = [
      identity,
      { pid },
      { ...identity, startTicks: '1' },
      { ...identity, bootId: 'another' },
      { pid: free.pid, startTicks },
    ];
    const named = await wire.call('protection.check', { identities: claims });
    // Two processes may have started in one clock tick: then a start time does not tell them apart.
    const isSameTick = startTicksOf(free.pid) === startTicks;
    expect(named.map(({ rule }) => rule)).toEqual([
      'lease',
      'lease',
      'identityMismatch',
      'identityMismatch',
      isSameTick ? 'unprotected' : 'identityMismatch',
    ]);
    if (identity.pidfdId !== undefined) {
      const other = await wire.call('protection.check', {
        identities: [
          { pid, pidfdId: '1' },
          { pid: free.pid, pidfdId: '1' },
        ],
      });
      expect(other.map(({ rule }) => rule)).toEqual(['identityMismatch', 'identityMismatch']);
    }
    expect((await wire.call('lease.get', { leaseId: id })).state).toBe('active');
    expect((await wire.call('server.status', {})).events).toBe(events);
    expect(await wire.refused('protection.check', {})).toMatchObject({ code: -32602 });
    expect(await wire.refused('protection.check', { pids: [1], identities: [{ pid: 1 }] })).toMatchObject({ code: -32602 });
    expect(await wire.refused('protection.check', { pids: Array.from({ length: 1025 }, () => 1) })).toMatchObject({
      code: -32602,
    });
  });

  it.skipIf(!hasKernelThreads)('denies a kernel thread, and registers none (needs to see one)', async () => {
    await using served = await serve();
    expect((await served.wire.call('protection.check', { pids: [2] }))[0]).toMatchObject({
      allow: false,
      rule: 'systemProcess',
    });
    expect(await served.wire.refused('lease.register', { pid: 2 })).toMatchObject({ code: 1003 });
  });
});
