import { describe, expect, it } from 'vitest';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { openStore } from '#test/support/server/database.ts';
import { startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

async function startSleepers(count: number): Promise<AsyncDisposableStack & { readonly sleepers: TestProcess[] }> {
  const stack = new AsyncDisposableStack();
  const sleepers = await Promise.all(Array.from({ length: count }, () => startSleeper()));
  for (const sleeper of sleepers) stack.use(sleeper);
  return Object.assign(stack, { sleepers });
}

describe('pages', () => {
  it('of leases come newest first, by state, uid and label', async () => {
    await using served = await serve();
    await using started = await startSleepers(5);
    const { wire } = served;
    const ids: string[] = [];
    for (const [index, { pid }] of started.sleepers.entries()) {
      ids.unshift((await wire.call('lease.register', { pid, label: index % 2 === 0 ? 'even' : 'odd' })).id);
    }
    await wire.call('lease.release', { leaseId: ids[1] ?? '' });
    const list = async (params: Parameters<typeof wire.call<'lease.list'>>[1]): Promise<string[]> => {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await wire.call('lease.list', { ...params, limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.leases.length).toBeLessThanOrEqual(2);
        found.push(...page.leases.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return found;
    };
    const active = ids.filter((_, index) => index !== 1);
    expect(await list({})).toEqual(active);
    expect(await list({ state: 'any' })).toEqual(ids);
    expect(await list({ state: 'released' })).toEqual([ids[1]]);
    expect(await list({ label: 'odd' })).toEqual([ids[3]]);
    expect(await list({ label: 'odd', state: 'any' })).toEqual([ids[1], ids[3]]);
    expect(await list({ uid: process.getuid?.() ?? 0 })).toEqual(active);
    expect(await list({ uid: 4_000_000 })).toEqual([]);
    expect(await wire.refused('lease.list', { cursor: 'next' })).toMatchObject({ code: -32602 });
    expect(await wire.refused('lease.get', { leaseId: 'ls-aaaaaaaaaaaaaaaaaaaa' })).toMatchObject({ code: 1101 });
  });

  it('of leases and of events fit a frame, however long labels, reasons and command lines are', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper({ env: {} });
    const { wire, omnid, folder } = served;
    const reason = '試'.repeat(1024);
    await wire.call('lease.register', { pid: sleeper.pid, label: '\u0001'.repeat(128), reason });
    await wire.call('lease.release', { pid: sleeper.pid });
    await omnid.stop();
    {
      using store = openStore(databaseOf(folder));
      store.copyLastEvent(1500);
      store.copyLastLease(1500);
    }
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    // The wire of the tests refuses longer lines: every page is one of them.
    const leases = new Set<string>();
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await again.call('lease.list', {
        state: 'released',
        limit: 1000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const lease of page.leases) leases.add(lease.id);
      cursor = page.nextCursor;
    }
    expect(leases.size).toBe(1501);
    const events = new Set<number>();
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await again.call('history.query', {
        order: 'oldest',
        limit: 1000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const event of page.events) events.add(event.id);
      cursor = page.nextCursor;
    }
    expect(events.size).toBe(1502);
  });
});
