import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { countDescriptors, countIdleDescriptors } from '#test/support/server/inspect.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { requestLines } from '#test/support/server/request-lines.ts';
import { until } from '#test/support/server/until.ts';
import type { Answer } from '#test/support/server/wire.ts';

describe('connections, and their limits', () => {
  it('answers what is due to a peer that sends no more, and then closes', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using sleeper = await startSleeper();
    await using wire = await omnid.connect();
    const lease = wire.call('lease.register', { pid: sleeper.pid });
    const verdicts = wire.call('protection.check', { pids: [sleeper.pid] });
    const page = wire.call('history.query', {});
    wire.half();
    expect((await lease).state).toBe('active');
    expect((await verdicts)[0]?.allow).toBe(false);
    expect((await page).nextCursor).toBeNull();
    await wire.closed;
  });

  it('closes a connection that sends no more and asks for nothing', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    wire.half();
    await wire.closed;
    await using subscriber = await omnid.connect();
    await subscriber.call('history.subscribe', {});
    subscriber.half();
    await subscriber.closed;
  });

  it('takes requests that were pipelined by a peer that is gone', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using sleeper = await startSleeper();
    await using other = await omnid.connect();
    await other.call('history.subscribe', {});
    const before = await countIdleDescriptors(omnid.pid);
    for (let round = 0; round < 20; round += 1) {
      const wire = await omnid.connect();
      wire.send(requestLines(20, 'lease.register', { pid: sleeper.pid }));
      wire.send(requestLines(20, 'protection.subscribe', {}));
      wire.send(requestLines(20, 'history.subscribe', {}));
      wire.send(requestLines(20, 'history.query', {}));
      wire.half();
      wire.destroy();
    }
    // Connections are accepted in their order: those before this one are all taken.
    await using last = await omnid.connect();
    await last.call('server.status', {});
    await until(async () => (await other.call('server.status', {})).connections === 2);
    last.destroy();
    await other.call('lease.release', { pid: sleeper.pid }).catch(() => undefined);
    await until(() => countDescriptors(omnid.pid) === before);
  });

  it('refuses more connections than the limit, and serves those that it has', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[limits]\nconnectionsPerUidMax = 10\n' });
    const before = await countIdleDescriptors(omnid.pid);
    const wires = await Promise.all(Array.from({ length: 10 }, () => omnid.connect()));
    await Promise.all(wires.map((wire) => wire.call('server.status', {})));
    const atLimit = await countIdleDescriptors(omnid.pid);
    const refused = await Promise.all(Array.from({ length: 300 }, () => omnid.connect(true)));
    for (const wire of refused) {
      expect((await wire.next()) as Answer).toMatchObject({ id: null, error: { code: -32001, data: { kind: 'overloaded' } } });
      await wire.closed;
    }
    await Promise.all(wires.map((wire) => wire.call('server.status', {})));
    // None of the refused has closed its end: the server did, or limits would not hold.
    await until(() => countDescriptors(omnid.pid) === atLimit);
    for (const wire of [...wires, ...refused]) wire.destroy();
    await until(() => countDescriptors(omnid.pid) === before);
    await using again = await omnid.connect();
    await again.call('server.status', {});
  });

  it('opens and closes a thousand connections, and keeps nothing of them', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[limits]\nconnectionsPerUidMax = 1100\n' });
    const before = await countIdleDescriptors(omnid.pid);
    const wires = await Promise.all(Array.from({ length: 1000 }, () => omnid.connect()));
    await Promise.all(wires.map((wire) => wire.call('protection.subscribe', {})));
    expect((await wires[0]!.call('server.status', {})).connections).toBe(1000);
    await using sleeper = await startSleeper();
    await wires[0]!.call('lease.register', { pid: sleeper.pid });
    await Promise.all(
      wires.map((wire) => wire.told('protection.changed', ({ added }) => added[0]?.identity.pid === sleeper.pid)),
    );
    await wires[0]!.call('lease.release', { pid: sleeper.pid });
    for (const [index, wire] of wires.entries()) {
      if (index % 2 === 0) wire.destroy();
      else wire.half();
    }
    await until(() => countDescriptors(omnid.pid) === before);
    for (const wire of wires) wire.destroy();
  });

  it('refuses more requests in flight than the limit, and answers those that it has', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: '[limits]\nrequestsInFlightPerUidMax = 8\n' });
    await using stubborn = await startSleeper();
    await using wire = await omnid.connect();
    const slow = Array.from({ length: 20 }, () =>
      wire.ask('process.terminate', { pid: stubborn.pid, signal: 23, escalate: false, graceMs: 300 }),
    );
    const answers = await Promise.all(slow);
    expect(answers.filter(({ result }) => result !== undefined).length).toBe(8);
    const refused = answers.filter(({ error }) => error !== undefined);
    expect(refused.length).toBe(12);
    for (const { error } of refused) expect(error).toMatchObject({ code: -32001, data: { kind: 'overloaded' } });
    await wire.call('server.status', {});
    // A batch counts with all its requests, and each of them is answered.
    wire.sendMessage(Array.from({ length: 9 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'server.status' })));
    const batch = (await wire.next()) as readonly Answer[];
    expect(batch.map(({ id, error }) => [id, error?.data.kind])).toEqual(
      Array.from({ length: 9 }, (_, id) => [id, 'overloaded']),
    );
    // Notifications are answered by nothing, not by a refusal either.
    const busy = Array.from({ length: 8 }, () =>
      wire.ask('process.terminate', { pid: stubborn.pid, signal: 23, escalate: false, graceMs: 100 }),
    );
    wire.sendMessage({ jsonrpc: '2.0', method: 'server.status' });
    await Promise.all(busy);
    expect(wire.arrivals()).toEqual([]);
  });
});
