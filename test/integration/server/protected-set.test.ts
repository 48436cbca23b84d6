import { describe, expect, it } from 'vitest';
import { Omnid } from '#test/support/server/omnid.ts';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

describe('the protected set', () => {
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
