import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { databaseOf } from '#test/support/server/omnid.ts';
import { openStore } from '#test/support/server/database.ts';
import { countPidfds } from '#test/support/server/inspect.ts';
import { runScript, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** Node may name its threads; a relay is what we are. */
const nodeComm = readFileSync('/proc/self/comm', 'utf8').trim();
const SIGTERM = 15;
const SIGKILL = 9;

describe('process.terminate, while the world changes', () => {
  it('stops short of SIGKILL where a lease was taken during the grace', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using stubborn = await startStubborn();
    await using owner = await omnid.connect();
    await owner.call('history.subscribe', { source: 'mediated' });
    const ending = wire.call('process.terminate', { pid: stubborn.pid, graceMs: 1500 });
    await owner.told('history.event', ({ event }) => event.outcome === 'intended');
    const lease = await owner.call('lease.register', { pid: stubborn.pid });
    const { outcome, verdict } = await ending;
    expect(outcome).toBe('denied');
    expect(verdict).toMatchObject({ rule: 'lease', leaseId: lease.id, signal: SIGKILL });
    expect(stubborn.child.exitCode ?? stubborn.child.signalCode).toBeNull();
    const { events } = await owner.call('history.query', { source: 'mediated' });
    expect(events.map(({ signal, outcome: told }) => [signal, told])).toEqual([
      [SIGKILL, 'denied'],
      [SIGTERM, 'delivered'],
    ]);
  });

  it('sends nothing where a lease is granted while the intent is being written', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using killer = await startRelay(omnid.socket);
    for (let round = 0; round < 10; round += 1) {
      await using sleeper = await startSleeper();
      // One piece: the lease is granted after the first verdict and before the disk has either.
      const kill = JSON.stringify({
        jsonrpc: '2.0',
        id: 'kill',
        method: 'process.terminate',
        params: { pid: sleeper.pid, signal: SIGKILL },
      });
      const lease = JSON.stringify({ jsonrpc: '2.0', id: 'lease', method: 'lease.register', params: { pid: sleeper.pid } });
      killer.wire.send(`${kill}\n${lease}\n`);
      const answers = new Map<unknown, Record<string, unknown>>();
      while (answers.size < 2) {
        const answer = (await killer.wire.next()) as { id: string; result: Record<string, unknown> };
        answers.set(answer.id, answer.result);
      }
      expect(answers.get('lease')).toMatchObject({ state: 'active' });
      expect(answers.get('kill')).toMatchObject({
        outcome: 'denied',
        verdict: { rule: 'lease', leaseId: answers.get('lease')?.['id'] },
      });
      expect(sleeper.child.exitCode ?? sleeper.child.signalCode).toBeNull();
    }
    const { events } = await wire.call('history.query', { signal: SIGKILL, source: 'mediated' });
    expect(new Set(events.map(({ outcome }) => outcome))).toEqual(new Set(['denied']));
  });

  it('answers all who end the same process at the same time, and keeps nothing', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    const before = countPidfds(omnid.pid);
    await using stubborn = await startStubborn();
    const asked = Array.from({ length: 20 }, () => wire.ask('process.terminate', { pid: stubborn.pid, graceMs: 50 }));
    for (const { result, error } of await Promise.all(asked)) {
      if (error === undefined) expect(['exited', 'killed']).toContain((result as { outcome: string }).outcome);
      else expect(error.code).toBe(1001);
    }
    await until(() => countPidfds(omnid.pid) === before);
    const { events } = await wire.call('history.query', { target: stubborn.pid, outcome: 'intended' });
    expect(events).toEqual([]);
  });

  it('goes on where who asked is gone, and the row names him', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using stubborn = await startStubborn();
    await wire.call('history.subscribe', { source: 'mediated' });
    const killer = await startRelay(omnid.socket);
    const { pid } = killer;
    killer.wire.sendMessage({
      jsonrpc: '2.0',
      id: 1,
      method: 'process.terminate',
      params: { pid: stubborn.pid, graceMs: 300 },
    });
    await wire.told('history.event', ({ event }) => event.outcome === 'intended');
    await killer[Symbol.asyncDispose]();
    const { event } = await wire.told('history.event', ({ event: told }) => told.termination === 'killed');
    expect(event.requester).toMatchObject({ pid, comm: nodeComm });
    await stubborn.ended;
  });

  it('reports a process that nobody reaps as ended', async () => {
    await using served = await serve();
    await using parent = runScript('sh -c "trap \'\' TERM; echo \\$\\$; exec cat <&3 >/dev/null" & exec cat <&3');
    const child = Number(await parent.line());
    expect((await served.wire.call('process.terminate', { pid: child, graceMs: 20 })).outcome).toBe('killed');
    expect(await served.wire.refused('process.terminate', { pid: child })).toMatchObject({ code: 1001 });
  });

  it('leaves a row that stays "intended" where the server dies in between', async () => {
    await using served = await serve();
    const { wire, omnid, folder } = served;
    await using stubborn = await startStubborn();
    await using watcher = await omnid.connect();
    await watcher.call('history.subscribe', {});
    wire.sendMessage({ jsonrpc: '2.0', id: 1, method: 'process.terminate', params: { pid: stubborn.pid, graceMs: 60_000 } });
    await watcher.told('history.event', ({ event }) => event.outcome === 'intended');
    await omnid.kill();
    using store = openStore(databaseOf(folder));
    expect(store.database.prepare('SELECT outcome, signal FROM event').all()).toEqual([
      { outcome: 'intended', signal: SIGTERM },
    ]);
  });
});
