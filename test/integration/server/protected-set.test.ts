import { describe, expect, it } from 'vitest';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { openStore } from '#test/support/server/database.ts';
import { noPid, runScript, startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

async function startSleepers(count: number): Promise<AsyncDisposableStack & { readonly sleepers: TestProcess[] }> {
  const stack = new AsyncDisposableStack();
  const sleepers = await Promise.all(Array.from({ length: count }, () => startSleeper()));
  for (const sleeper of sleepers) stack.use(sleeper);
  return Object.assign(stack, { sleepers });
}

describe('verdicts, and the protected set', () => {
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
    const { pid, startTicks, bootId } = identity;
    const claims = [
      identity,
      { pid },
      { ...identity, startTicks: '1' },
      { ...identity, bootId: 'another' },
      { pid: free.pid, startTicks },
    ];
    const named = await wire.call('protection.check', { identities: claims });
    const isSameTick =
      startTicks === undefined ||
      (await wire.call('protection.check', { identities: [{ pid: free.pid, startTicks, bootId }] }))[0]?.allow;
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

  it('is told whole, page by page, with members that nobody has asked about', async () => {
    await using served = await serve();
    await using tree = runScript('for i in 1 2 3 4 5 6; do cat <&3 >/dev/null & echo $!; done; wait');
    await using other = await startSleeper();
    const { wire } = served;
    const outer = await wire.call('lease.register', { pid: tree.pid });
    const apart = await wire.call('lease.register', { pid: other.pid });
    const pids = [tree.pid];
    for (let child = 0; child < 6; child += 1) pids.push(Number(await tree.line()));
    const found = new Map<number, string | undefined>();
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await wire.call('protection.snapshot', { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.processes.length).toBeLessThanOrEqual(3);
      for (const { identity, leaseId } of page.processes) found.set(identity.pid, leaseId);
      cursor = page.nextCursor ?? undefined;
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBe(3);
    expect(found).toEqual(new Map([...pids.map((pid) => [pid, outer.id] as const), [other.pid, apart.id]]));
    expect(await wire.refused('protection.snapshot', { cursor: 'x' })).toMatchObject({ code: -32602 });
  });

  it('has a generation that grows with each change, and with each start of the server', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid, folder } = served;
    let last = (await wire.call('protection.snapshot', {})).generation;
    const grows = async (): Promise<void> => {
      const { generation } = await wire.call('protection.snapshot', {});
      expect(generation).toBeGreaterThan(last);
      last = generation;
    };
    await wire.call('lease.register', { pid: sleeper.pid });
    await grows();
    expect((await wire.call('server.status', {})).generation).toBe(last);
    await wire.call('lease.release', { pid: sleeper.pid });
    await grows();
    for (const end of ['stop', 'kill', 'stop'] as const) {
      await omnid[end]();
      await using next = await Omnid.start({ folder });
      await using again = await next.connect();
      const { generation } = await again.call('protection.subscribe', {});
      expect(generation).toBeGreaterThan(last);
      last = generation;
      await next[end]();
    }
  });

  it('tells subscribers what joins and what leaves', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await using tree = runScript('sh -c "cat <&3 >/dev/null & echo \\$\\$ \\$!; wait" & wait');
    const [child = 0, grandchild = 0] = (await tree.line()).split(' ').map(Number);
    await using subscriber = await omnid.connect();
    const { subscriptionId, generation } = await subscriber.call('protection.subscribe', {});
    const protectedNow = new Map<number, string | undefined>();
    let last = generation;
    const follow = async (until: () => boolean): Promise<void> => {
      while (!until()) {
        const change = await subscriber.told('protection.changed');
        expect(change.subscriptionId).toBe(subscriptionId);
        expect(change.generation).toBeGreaterThan(last);
        last = change.generation;
        for (const { pid } of change.removed) protectedNow.delete(pid);
        for (const { identity, leaseId } of change.added) protectedNow.set(identity.pid, leaseId);
      }
    };
    const outer = await wire.call('lease.register', { pid: tree.pid });
    // Nobody asks about the children: the server looks by itself after a tree was registered.
    await follow(() => protectedNow.size === 3);
    const inner = await wire.call('lease.register', { pid: child });
    await follow(() => protectedNow.get(grandchild) === inner.id);
    expect(protectedNow.get(tree.pid)).toBe(outer.id);
    await wire.call('lease.release', { leaseId: inner.id });
    await follow(() => protectedNow.get(grandchild) === outer.id);
    await wire.call('lease.release', { leaseId: outer.id });
    await follow(() => protectedNow.size === 0);
    expect(last).toBe((await wire.call('protection.snapshot', {})).generation);
    await subscriber.call('protection.unsubscribe', { subscriptionId });
    await subscriber.call('protection.unsubscribe', { subscriptionId });
    await wire.call('lease.register', { pid: tree.pid });
    await subscriber.call('server.status', {});
    expect(subscriber.arrivals()).toEqual([]);
  });

  it('says the same of a process that leaves and joins in one turn of the loop', async () => {
    await using served = await serve();
    await using sleeper = await startSleeper();
    const { wire, omnid } = served;
    await using subscriber = await omnid.connect();
    await subscriber.call('protection.subscribe', {});
    let id = (await wire.call('lease.register', { pid: sleeper.pid })).id;
    for (let round = 0; round < 20; round += 1) {
      const released = wire.call('lease.release', { leaseId: id });
      id = (await wire.call('lease.register', { pid: sleeper.pid })).id;
      await released;
    }
    let isProtected = false;
    await subscriber.told('protection.changed', ({ added, removed, generation }) => {
      // No order among the two is told: no process may be in both.
      const left = new Set(removed.map(({ pid, startTicks }) => `${String(pid)}:${startTicks}`));
      for (const { identity } of added) expect(left.has(`${String(identity.pid)}:${identity.startTicks}`)).toBe(false);
      if (removed.length > 0) isProtected = false;
      if (added.length > 0) isProtected = true;
      return added[0]?.leaseId === id && generation > 0;
    });
    expect(isProtected).toBe(true);
  });

  it('gives a connection as many subscriptions as its limit, and ends them with it', async () => {
    await using served = await serve({ config: '[limits]\nsubscriptionsPerConnectionMax = 3\n' });
    const { wire, omnid } = served;
    await using other = await omnid.connect();
    for (let count = 0; count < 2; count += 1) await other.call('protection.subscribe', {});
    const { subscriptionId } = await other.call('history.subscribe', {});
    expect(await other.refused('history.subscribe', {})).toMatchObject({
      code: 1105,
      data: { limit: 'subscriptionsPerConnectionMax' },
    });
    // Another connection's subscription is none of ours to end.
    await wire.call('history.unsubscribe', { subscriptionId });
    expect(await other.refused('protection.subscribe', {})).toMatchObject({ code: 1105 });
    await other.call('history.unsubscribe', { subscriptionId });
    await other.call('protection.subscribe', {});
  });
});

describe('lists of leases', () => {
  it('come newest first, in pages, by state, uid and label', async () => {
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

  it('and of events fit a frame, however long labels, reasons and command lines are', async () => {
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
