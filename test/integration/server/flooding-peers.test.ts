import { describe, expect, it } from 'vitest';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { peakBytes } from '#test/support/server/inspect.ts';
import { openStore } from '#test/support/server/database.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { requestLines } from '#test/support/server/request-lines.ts';
import type { Answer, Wire } from '#test/support/server/wire.ts';

const mebibyte = 1024 * 1024;

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

describe('peers that ask for more than they read', () => {
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
    const flooded = flood(silent, requestLines(200, method, params), 8 * mebibyte);
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
