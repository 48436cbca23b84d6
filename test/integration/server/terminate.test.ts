import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noPid, startSleeper, startStubborn, startTicksOf } from '#test/support/server/processes.ts';
import { asParent, startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** Node may name its threads; a relay is what we are. */
const nodeComm = readFileSync('/proc/self/comm', 'utf8').trim();
const SIGTERM = 15;
const SIGKILL = 9;
const SIGURG = 23;

describe('process.terminate', () => {
  it('ends a process that ends on SIGTERM, and writes down who asked', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    await using killer = await startRelay(omnid.socket);
    await using sleeper = await startSleeper();
    await wire.call('history.subscribe', { source: 'mediated' });
    const { outcome, verdict } = await killer.wire.call('process.terminate', { pid: sleeper.pid, reason: 'in the way' });
    expect(outcome).toBe('exited');
    expect(verdict).toMatchObject({ allow: true, rule: 'unprotected', signal: SIGTERM });
    await sleeper.ended;
    expect(sleeper.child.signalCode).toBe('SIGTERM');
    // Told twice, as it was written twice: before the signal, and after.
    expect((await wire.told('history.event')).event).toMatchObject({ outcome: 'intended' });
    const { event } = await wire.told('history.event');
    expect(event).toMatchObject({
      source: 'mediated',
      signal: SIGTERM,
      signalName: 'SIGTERM',
      code: 'pidfd',
      outcome: 'delivered',
      termination: 'exited',
      count: 1,
      reason: 'in the way',
      requester: { pid: killer.pid, uid: process.getuid?.(), comm: nodeComm, cmdline: expect.stringContaining('-e') as string },
      target: { pid: sleeper.pid, comm: 'cat', cmdline: 'cat' },
      context: { memTotalBytes: expect.any(Number) as number, memAvailableBytes: expect.any(Number) as number },
    });
    expect(event.requester?.ancestry[0]?.pid).toBe(process.pid);
    expect(event.target?.ancestry[0]?.pid).toBe(process.pid);
    expect(Date.parse(event.lastAt)).toBeGreaterThanOrEqual(Date.parse(event.firstAt));
    expect((await wire.call('history.query', { target: sleeper.pid })).events).toEqual([event]);
    await omnid.logged('kill', ({ outcome: told }) => told === 'delivered');
  });

  it('kills a process that ignores SIGTERM, after the grace', async () => {
    await using served = await serve();
    await using stubborn = await startStubborn();
    const { wire } = served;
    const { outcome } = await wire.call('process.terminate', { pid: stubborn.pid, graceMs: 100 });
    expect(outcome).toBe('killed');
    await stubborn.ended;
    expect(stubborn.child.signalCode).toBe('SIGKILL');
    const events = await until(async () => {
      const found = (await wire.call('history.query', { target: stubborn.pid, order: 'oldest' })).events;
      return found.at(-1)?.termination !== undefined && found;
    });
    expect(events.map(({ signal, outcome: told, termination }) => [signal, told, termination])).toEqual([
      [SIGTERM, 'delivered', 'survived'],
      [SIGKILL, 'delivered', 'killed'],
    ]);
  });

  it('leaves a process that survives, where it must not escalate', async () => {
    await using served = await serve();
    await using stubborn = await startStubborn();
    const { wire } = served;
    expect((await wire.call('process.terminate', { pid: stubborn.pid, graceMs: 50, escalate: false })).outcome).toBe(
      'survived',
    );
    // Other signals do not ask a process to end: they are no first step to SIGKILL.
    expect((await wire.call('process.terminate', { pid: stubborn.pid, graceMs: 50, signal: SIGURG })).outcome).toBe('survived');
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
    expect((await wire.call('process.terminate', { pid: stubborn.pid, signal: SIGKILL })).outcome).toBe('killed');
  });

  it('is denied by a lease, with a row that names who asked', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    await using killer = await startRelay(omnid.socket);
    await using sleeper = await startSleeper();
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    const { outcome, verdict } = await killer.wire.call('process.terminate', { pid: sleeper.pid, signal: SIGKILL });
    expect(outcome).toBe('denied');
    expect(verdict).toMatchObject({ allow: false, rule: 'lease', leaseId: lease.id });
    expect(sleeper.child.exitCode ?? sleeper.child.signalCode).toBeNull();
    const { events } = await wire.call('history.query', { signal: SIGKILL });
    expect(events).toMatchObject([
      { outcome: 'denied', code: null, leaseId: lease.id, requester: { pid: killer.pid }, target: { pid: sleeper.pid } },
    ]);
    await omnid.logged('denied');
    // A member may: a job's own controller works as always.
    await using member = await startRelay(omnid.socket, { prefix: asParent });
    await wire.call('lease.register', { pid: member.root.pid });
    const own = await member.wire.call('process.terminate', { pid: member.root.pid, signal: SIGKILL });
    expect(own).toMatchObject({ outcome: 'killed', verdict: { rule: 'ownTree' } });
  });

  it('passes over a lease of the owner who says override, and writes that down', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire } = served;
    const lease = await wire.call('lease.register', { pid: sleeper.pid });
    const { outcome, verdict } = await wire.call('process.terminate', { pid: sleeper.pid, override: true });
    expect(outcome).toBe('exited');
    expect(verdict).toMatchObject({ allow: true, rule: 'override', leaseId: lease.id });
    const { events } = await wire.call('history.query', { source: 'mediated' });
    expect(events).toMatchObject([{ override: true, leaseId: lease.id, termination: 'exited' }]);
  });

  it('passes over nothing but leases', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    expect(await wire.call('process.terminate', { pid: omnid.pid, override: true })).toMatchObject({
      outcome: 'denied',
      verdict: { rule: 'systemProcess' },
    });
    if (process.getuid?.() === 0) {
      expect(await wire.call('process.terminate', { pid: 1, override: true })).toMatchObject({
        outcome: 'denied',
        verdict: { rule: 'systemProcess' },
      });
    }
  });

  it('reaches no other process than the one that was meant', async () => {
    await using served = await serve();
    const { wire } = served;
    await using sleeper = await startSleeper();
    const { identity } = await wire.call('lease.register', { pid: sleeper.pid });
    await wire.call('lease.release', { pid: sleeper.pid });
    const { pid } = sleeper;
    expect(await wire.refused('process.terminate', { pid, startTicks: '1' })).toMatchObject({
      code: 1002,
      data: { kind: 'identityMismatch' },
    });
    if (identity.pidfdId !== undefined) {
      expect(await wire.refused('process.terminate', { pid, startTicks: startTicksOf(pid), pidfdId: '1' })).toMatchObject({
        code: 1002,
      });
    }
    expect(await wire.refused('process.terminate', { pid: noPid })).toMatchObject({
      code: 1001,
      data: { kind: 'processNotFound' },
    });
    expect(sleeper.child.exitCode ?? sleeper.child.signalCode).toBeNull();
    const { startTicks, pidfdId } = identity;
    expect(
      await wire.call('process.terminate', { pid, startTicks, ...(pidfdId === undefined ? {} : { pidfdId }) }),
    ).toMatchObject({ outcome: 'exited' });
    await sleeper.ended;
    expect(await wire.refused('process.terminate', { pid })).toMatchObject({ code: 1001 });
    expect((await wire.call('history.query', { source: 'mediated' })).events.length).toBe(1);
  });
});
