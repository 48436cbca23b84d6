import { describe, expect, it } from 'vitest';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { countDescriptors, countIdleDescriptors, peakBytes } from '#test/support/server/inspect.ts';
import { openStore } from '#test/support/server/database.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import type { Answer, Wire } from '#test/support/server/wire.ts';

const mebibyte = 1024 * 1024;

/** One request a line, as often as it is said. */
function lines(count: number, method: string, params: unknown, idFrom = 0): string {
  return Array.from(
    { length: count },
    (_, index) => `${JSON.stringify({ jsonrpc: '2.0', id: idFrom + index, method, params })}\n`,
  ).join('');
}

/** Writes until the server takes no more, as a peer that never reads does. */
async function flood(wire: Wire, text: string, bytesMax: number): Promise<void> {
  const bytes = Buffer.from(text);
  for (let sent = 0; sent < bytesMax; sent += bytes.length) {
    if (wire.input.write(bytes)) continue;
    const isTaken = await Promise.race([
      new Promise<boolean>((resolve) => wire.input.once('drain', () => resolve(true))),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
    ]);
    if (!isTaken) return;
  }
}

/** A history of large rows, as one of long command lines is. */
async function fillHistory(folder: TestFolder, rows: number): Promise<void> {
  await using omnid = await Omnid.start({ folder });
  await using sleeper = await startSleeper();
  await using wire = await omnid.connect();
  await wire.call('lease.register', { pid: sleeper.pid, reason: 'r'.repeat(1024) });
  await omnid.stop();
  using store = openStore(databaseOf(folder));
  store.copyLastEvent(rows);
}

describe('peers that do not play by the rules', () => {
  it.each([
    ['pages of history', 'history.query', { limit: 1000 }],
    ['pages of leases', 'lease.list', { state: 'any', limit: 1000 }],
    ['the document', 'rpc.discover', {}],
    ['what there is not', 'nothing', {}],
  ])('answers others while a peer that never reads floods it for %s, in bounded memory', async (_what, method, params) => {
    await using folder = await makeFolder();
    await fillHistory(folder, 2000);
    await using omnid = await Omnid.start({ folder });
    await using other = await omnid.connect();
    await other.call('protection.check', { pids: [omnid.pid] });
    await other.call('history.query', { limit: 1000 });
    const before = peakBytes(omnid.pid);
    await using silent = await omnid.connect();
    silent.output.pause();
    silent.sendMessage({ jsonrpc: '2.0', id: 1, method: 'history.subscribe' });
    silent.sendMessage({ jsonrpc: '2.0', id: 2, method: 'protection.subscribe' });
    const flooded = flood(silent, lines(200, method, params), 8 * mebibyte);
    for (let call = 0; call < 20; call += 1) await other.call('protection.check', { pids: [omnid.pid] });
    await flooded;
    await other.call('server.status', {});
    expect((peakBytes(omnid.pid) - before) / mebibyte).toBeLessThan(96);
    // It reads at last: it has lost no answer.
    silent.output.resume();
    expect(await silent.next((message) => 'id' in message && message.id === 199)).toMatchObject({ id: 199 });
  });

  it('keeps its memory where a peer that never reads sends lines that are no JSON', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using other = await omnid.connect();
    await other.call('server.status', {});
    const before = peakBytes(omnid.pid);
    await using silent = await omnid.connect();
    silent.output.pause();
    await flood(silent, 'x\n'.repeat(100_000), 16 * mebibyte);
    await other.call('server.status', {});
    expect((peakBytes(omnid.pid) - before) / mebibyte).toBeLessThan(96);
  });

  it('tells a subscriber that did not read what it missed, and goes on', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using sleeper = await startSleeper();
    await using slow = await omnid.connect();
    await slow.call('history.subscribe', {});
    await slow.call('protection.subscribe', {});
    slow.output.pause();
    await using busy = await omnid.connect();
    for (let round = 0; round < 60; round += 1) {
      const calls = Array.from({ length: 50 }, (_, index) =>
        busy.call('lease.register', { pid: sleeper.pid, reason: 'r'.repeat(1000), label: `${String(round)}.${String(index)}` }),
      );
      await Promise.all(calls);
      await busy.call('lease.release', { pid: sleeper.pid });
    }
    slow.output.resume();
    const missed = await slow.told('history.missed');
    expect(missed.count).toBeGreaterThan(0);
    expect(missed.toId).toBeGreaterThanOrEqual(missed.fromId);
    await busy.call('lease.register', { pid: sleeper.pid, label: 'after' });
    await slow.told('history.event', ({ event }) => event.outcome === 'granted' && event.id > missed.toId);
  });

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
      wire.send(lines(20, 'lease.register', { pid: sleeper.pid }));
      wire.send(lines(20, 'protection.subscribe', {}));
      wire.send(lines(20, 'history.subscribe', {}));
      wire.send(lines(20, 'history.query', {}));
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

  it('keeps every line within a frame, however many large answers a batch asks for', async () => {
    await using folder = await makeFolder();
    await fillHistory(folder, 1500);
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    wire.sendMessage(
      Array.from({ length: 40 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'history.query', params: { limit: 1000 } })),
    );
    const answers = (await wire.next()) as readonly Answer[];
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, id) => id));
    expect(answers[0]?.result).toBeDefined();
    expect(answers.at(-1)?.error?.data.kind).toBe('overloaded');
  });

  it('answers others between the verdicts of a batch that asks for a quarter of a million', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using other = await omnid.connect();
    await using greedy = await omnid.connect();
    const pids = Array.from({ length: 400 }, (_, index) => index + 1);
    greedy.sendMessage(
      Array.from({ length: 256 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'protection.check', params: { pids } })),
    );
    let isOver = false;
    const answered = greedy.next().then(() => (isOver = true));
    let meanwhile = 0;
    while (!isOver) {
      await other.call('protection.check', { pids: [omnid.pid] });
      meanwhile += 1;
    }
    await answered;
    expect(meanwhile).toBeGreaterThan(5);
  });
});
