import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid, socketOf } from '#test/support/server/omnid.ts';
import { startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import type { Answer } from '#test/support/server/wire.ts';

describe('the end of omnid', () => {
  it('answers on SIGTERM what is in flight, writes it, and exits 0', async () => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    await using sleeper = await startSleeper();
    const asked = Array.from({ length: 100 }, (_, index) =>
      wire.ask('lease.register', { pid: sleeper.pid, label: String(index) }),
    );
    await asked[0];
    const late = Array.from({ length: 400 }, (_, index) =>
      wire.ask('lease.register', { pid: sleeper.pid, label: `late ${String(index)}` }),
    );
    omnid.signal('SIGTERM');
    const answers = await Promise.allSettled([...asked, ...late]);
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
    const answered = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value);
    for (const { error } of answered)
      if (error !== undefined) expect(error).toMatchObject({ code: -32000, data: { kind: 'shuttingDown' } });
    const last = answered.findLast(({ result }) => result !== undefined)?.result as { label: string };
    await expect(stat(socketOf(folder))).rejects.toThrow('ENOENT');
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    expect((await again.call('lease.list', {})).leases).toMatchObject([{ label: last.label }]);
    const { events } = await again.call('history.query', { source: 'lease', limit: 1000 });
    expect(events.length).toBe(answered.filter(({ result }) => result !== undefined).length);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is the same with %s, twice, and not with SIGHUP', async (signal) => {
    await using served = await serve();
    const { omnid, wire } = served;
    omnid.signal('SIGHUP');
    await wire.call('server.status', {});
    omnid.signal(signal);
    omnid.signal(signal);
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
    expect(omnid.log.at(-1)).toMatchObject({ msg: 'stopping', reason: signal });
  });

  it('does not wait for a peer that does not read, nor for one that does not close', async () => {
    await using served = await serve();
    const { omnid } = served;
    await using staying = await omnid.connect(true);
    await staying.call('protection.subscribe', {});
    await using silent = await omnid.connect(true);
    silent.output.pause();
    silent.send(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'server.info' })}\n`.repeat(5000));
    await served.wire.call('server.status', {});
    expect(await omnid.stop()).toMatchObject({ code: 0, signal: null });
  });

  it('waits a moment for what ends soon, and answers it', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    await using stubborn = await startStubborn();
    await wire.call('history.subscribe', { source: 'mediated' });
    const answer = wire.ask('process.terminate', { pid: stubborn.pid, graceMs: 300 });
    await wire.told('history.event');
    expect(await omnid.stop()).toMatchObject({ code: 0, signal: null });
    expect((await answer).result).toMatchObject({ outcome: 'killed' });
  });

  it('does not wait for the grace of a kill: it says what was done, and does no more', async () => {
    await using served = await serve();
    const { omnid, wire, folder } = served;
    await using stubborn = await startStubborn();
    await using other = await omnid.connect();
    await other.call('history.subscribe', {});
    const ending = wire.ask('process.terminate', { pid: stubborn.pid, graceMs: 3_600_000 });
    await other.told('history.event', ({ event }) => event.outcome === 'intended');
    omnid.signal('SIGTERM');
    expect((await ending).error).toMatchObject({ code: -32000, data: { kind: 'shuttingDown' } });
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    const { events } = await again.call('history.query', {});
    expect(events.map(({ outcome, termination }) => [outcome, termination])).toEqual([['delivered', undefined]]);
  });

  it('refuses who connects while it stops', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    await using stubborn = await startStubborn();
    const ending = wire.ask('process.terminate', { pid: stubborn.pid, graceMs: 3_600_000 });
    await omnid.connect().then(async (other) => {
      await using _other = other;
      await other.call('server.status', {});
      omnid.signal('SIGTERM');
      await omnid.logged('stopping');
      const refused = await until(async () => {
        const { error } = await other.ask('server.status', {});
        return error;
      });
      expect(refused).toMatchObject({ code: -32000 });
    });
    await ending;
  });

  it('comes by itself where a user has nothing for it to do', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[server]\nidleEndMs = 40\n' });
    expect(await omnid.ended).toMatchObject({ code: 0, signal: null });
    expect(omnid.log.at(-1)).toMatchObject({ msg: 'stopping', reason: 'idle' });
  });

  it('does not come while there is a lease, or a connection', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[server]\nidleEndMs = 200\n' });
    await using sleeper = await startSleeper();
    await using other = await startSleeper();
    const wire = await omnid.connect();
    await wire.call('lease.register', { pid: sleeper.pid, maxMs: 700 });
    await omnid.logged('lease ended');
    await wire.call('lease.register', { pid: other.pid, maxMs: 700 });
    wire.destroy();
    await omnid.logged('lease ended', ({ rootPid }) => rootPid === other.pid);
    expect(omnid.log.some(({ msg }) => msg === 'stopping')).toBe(false);
    expect((await omnid.ended).code).toBe(0);
  });

  it('leaves no message on its way: what was answered was written', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    omnid.signal('SIGTERM');
    const answer = await wire.ask('server.status', {}).catch(() => undefined);
    if (answer !== undefined) expect((answer satisfies Answer).result ?? answer.error).toBeDefined();
    await omnid.ended;
  });
});
