import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { countDescriptors, countIdleDescriptors } from '#test/support/server/inspect.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { newRandom } from '#test/support/server/random.ts';
import { until } from '#test/support/server/until.ts';
import type { Answer } from '#test/support/server/wire.ts';

const mebibyte = 1024 * 1024;

describe('bytes that no client sends', () => {
  it('survives random bytes, and answers every line with an error', async () => {
    const random = newRandom();
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    const before = await countIdleDescriptors(omnid.pid);
    for (let round = 0; round < 40; round += 1) {
      await using wire = await omnid.connect();
      const bytes = random.bytes(1 + random.below(20_000));
      wire.send(bytes);
      wire.send('\n');
      const lines = Buffer.concat([bytes, Buffer.from('\n')])
        .toString('latin1')
        .split('\n')
        .filter((line) => line !== '').length;
      for (let line = 0; line < lines; line += 1) expect((await wire.next()) as Answer).toMatchObject({ id: null });
    }
    await using wire = await omnid.connect();
    await wire.call('server.status', {});
    await until(async () => (await wire.call('server.status', {})).connections === 1);
    await until(() => countDescriptors(omnid.pid) === before + 2);
  });

  it('survives requests with random bytes in them', async () => {
    const random = newRandom();
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using sleeper = await startSleeper();
    const lines = [
      `{"jsonrpc":"2.0","id":1,"method":"protection.check","params":{"pids":[${String(sleeper.pid)},1,2],"signal":9}}\n`,
      `{"jsonrpc":"2.0","id":2,"method":"lease.register","params":{"pid":${String(sleeper.pid)},"label":"x","ttlMs":60000,"marker":"aaaaaaaaaaaaaaaaaaaaaaaa"}}\n`,
      '[{"jsonrpc":"2.0","id":3,"method":"lease.list","params":{"limit":1,"cursor":"1","state":"any"}},{"jsonrpc":"2.0","method":"history.subscribe"}]\n',
      `{"jsonrpc":"2.0","id":4,"method":"history.query","params":{"target":"sh","since":"2026-01-01T00:00:00.000Z","order":"oldest"}}\n`,
    ];
    await using wire = await omnid.connect();
    for (let round = 0; round < 2000; round += 1) {
      const line = Buffer.from(random.pick(lines));
      for (let times = random.below(4); times >= 0; times -= 1) line[random.below(line.length - 1)] = random.below(256);
      wire.send(line);
    }
    await wire.call('server.status', {});
    expect(sleeper.child.exitCode).toBeNull();
    expect(omnid.log.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('answers a line over a mebibyte with -32600, and closes', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using watcher = await omnid.connect();
    await watcher.call('server.status', {});
    const before = await countIdleDescriptors(omnid.pid);
    for (const more of [0, 1, 5 * mebibyte]) {
      await using wire = await omnid.connect();
      wire.send(Buffer.alloc(mebibyte + more, 0x61));
      expect((await wire.next()) as Answer).toMatchObject({
        id: null,
        error: { code: -32600, data: { kind: 'invalidRequest' } },
      });
      await wire.closed;
    }
    await until(async () => (await watcher.call('server.status', {})).connections === 1);
    await until(() => countDescriptors(omnid.pid) === before);
  });

  it('closes after a line that is too long, even where the peer keeps its end open and goes on sending', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using watcher = await omnid.connect();
    await using wire = await omnid.connect(true);
    wire.send(Buffer.alloc(mebibyte + 1, 0x61));
    await wire.next();
    await wire.closed;
    wire.send(Buffer.alloc(mebibyte, 0x61));
    // `wire` is still open at this end: nothing but the server closes it.
    await until(async () => (await watcher.call('server.status', {})).connections === 1);
  });

  it('takes a line of exactly a mebibyte, in one piece and in many', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const head = '{"jsonrpc":"2.0","id":"long","method":"server.status","params":{}';
    const line = Buffer.from(`${head}${' '.repeat(mebibyte - head.length - 2)}}\n`);
    expect(line.length).toBe(mebibyte);
    wire.send(line);
    expect(await wire.next()).toMatchObject({ id: 'long', result: {} });
    for (let at = 0; at < line.length; at += 997) wire.send(line.subarray(at, at + 997));
    expect(await wire.next()).toMatchObject({ id: 'long', result: {} });
  });

  it('says no more of a long name than a frame can hold', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const quotes = '"'.repeat(500_000);
    expect((await wire.ask(quotes)).error).toMatchObject({ code: -32601 });
    expect((await wire.ask('lease.list', { [quotes]: 1 })).error).toMatchObject({ code: -32602 });
    expect((await wire.ask('lease.list', { label: '\u0001'.repeat(150_000) })).error).toMatchObject({ code: -32602 });
  });

  it('refuses what is nested too deep to walk, and goes on', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const deep = (open: string, close: string, levels: number): string => open.repeat(levels) + close.repeat(levels);
    for (const value of [
      deep('[', ']', 400_000),
      deep('{"a":', '}', 100_000).replace('}', '1}'),
      `[${deep('[', ']', 200_000)}]`,
    ]) {
      wire.send(`${value}\n`);
      wire.send(`{"jsonrpc":"2.0","id":null,"method":"lease.list","params":{"label":${value}}}\n`);
    }
    await wire.call('server.status', {});
    expect(wire.arrivals().length).toBe(6);
  });

  it('keeps text as it is: lone surrogates, NUL, terminal escapes', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using sleeper = await startSleeper();
    await using wire = await omnid.connect();
    const label = 'a\u0000b\u001b[2Jc\nd\u2028e\u202e';
    const lease = await wire.call('lease.register', { pid: sleeper.pid, label, reason: '\ud800x' });
    expect(lease.label).toBe(label);
    expect((await wire.call('lease.get', { leaseId: lease.id })).label).toBe(label);
    expect((await wire.call('lease.list', { label })).leases.map(({ id }) => id)).toEqual([lease.id]);
    expect((await wire.call('history.query', { leaseId: lease.id })).events[0]?.reason).toMatch(/x$/);
  });
});
