import { describe, expect, test, vi } from 'vitest';
import { DeadlineQueue } from '#core/deadline-queue.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import { heartbeat } from '#test/support/core/terms.ts';

describe('a heartbeat lease', () => {
  test('ends at its ttl, and not a millisecond earlier', () => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), heartbeat(1000));
    const grantedMs = world.clock.monotonicMs();
    world.clock.turn(999);
    world.table.tick();
    expect(world.ended).toEqual([]);
    world.clock.turn(1);
    world.table.tick();
    expect(world.ended).toEqual([{ lease, end: 'expired', atMs: grantedMs + 1000 }]);
    expect(lease).toMatchObject({ state: 'expired', endedWallMs: world.clock.wallMs() });
    expect(world.processes.openHolds).toEqual([]);
  });

  test('lives a ttl from its last heartbeat', () => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), heartbeat(1000));
    for (let beat = 0; beat < 5; beat += 1) {
      world.pass(999);
      world.table.renew(lease);
    }
    expect(lease.renewedWallMs).toBe(world.clock.wallMs());
    const beatMs = world.clock.monotonicMs();
    world.pass(60_000);
    expect(world.ended.map(({ atMs }) => atMs)).toEqual([beatMs + 1000]);
  });

  test.each([300, 5000])('takes another ttl with a heartbeat: %i ms', (ttlMs) => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), heartbeat(1000));
    world.pass(500);
    world.table.renew(lease, ttlMs);
    expect(lease.terms.ttlMs).toBe(ttlMs);
    const beatMs = world.clock.monotonicMs();
    world.pass(60_000);
    expect(world.ended.map(({ atMs }) => atMs)).toEqual([beatMs + ttlMs]);
  });

  test('sleeps with the machine: a suspended hour ends nothing', () => {
    const world = new LeaseWorld();
    world.lease(world.processes.fork(), heartbeat(1000));
    world.clock.suspend(3_600_000);
    world.pass(999);
    expect(world.ended).toEqual([]);
  });
});

test('a lease without a heartbeat has no deadline, and a renewal gives it none', () => {
  const world = new LeaseWorld();
  const lease = world.lease(world.processes.fork());
  world.table.renew(lease);
  world.table.renew(lease, 500);
  expect(world.table.nextDeadlineMs).toBe(Infinity);
  world.pass(1_000_000_000);
  expect(world.ended).toEqual([]);
});

describe('maxMs', () => {
  test('ends a lease whatever the heartbeats', () => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), { ...heartbeat(1000), maxMs: 3000 });
    const grantedMs = world.clock.monotonicMs();
    for (let beat = 0; beat < 10; beat += 1) {
      world.pass(400);
      if (lease.state === 'active') world.table.renew(lease);
    }
    expect(world.ended).toEqual([{ lease, end: 'expired', atMs: grantedMs + 3000 }]);
  });

  test('is warned of once, when a tenth of it is left', () => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), { maxMs: 10_000 });
    world.pass(8_999);
    expect(world.expiring).toEqual([]);
    world.pass(1);
    expect(world.expiring).toEqual([lease]);
    world.pass(999);
    expect([world.expiring.length, world.ended.length]).toEqual([1, 0]);
    world.pass(1);
    expect([world.expiring.length, world.ended.length]).toEqual([1, 1]);
  });

  test('is warned of once, however often its heartbeat is looked at after that', () => {
    const world = new LeaseWorld();
    const lease = world.lease(world.processes.fork(), { ...heartbeat(100), maxMs: 10_000 });
    for (let beat = 0; beat < 198; beat += 1) {
      world.pass(50);
      world.table.renew(lease);
    }
    expect([world.expiring.length, world.ended.length]).toEqual([1, 0]);
  });

  test('that has passed already is not warned of', () => {
    const world = new LeaseWorld();
    world.lease(world.processes.fork(), { maxMs: 10_000 });
    world.clock.turn(10_000);
    world.table.tick();
    expect([world.expiring.length, world.ended.length]).toEqual([0, 1]);
  });

  test('counts anew with new terms, and is warned of anew', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const lease = world.lease(root, { maxMs: 10_000 });
    world.pass(9_500);
    world.register(root, { maxMs: 1000 });
    world.pass(900);
    expect(world.expiring).toEqual([lease, lease]);
    world.pass(99);
    expect(world.ended).toEqual([]);
    world.pass(1);
    expect(world.ended).toHaveLength(1);
  });
});

describe('the queue of deadlines', () => {
  /** Its size, and the most that it may be. */
  function watchQueue(world: LeaseWorld): { readonly size: number; readonly most: number } {
    const push = vi.spyOn(DeadlineQueue.prototype, 'push');
    world.lease(world.processes.fork(), heartbeat(50_000));
    const queue = push.mock.contexts[0] as DeadlineQueue<unknown>;
    push.mockRestore();
    return {
      get size() {
        return queue.size;
      },
      get most() {
        return 2 * world.table.size + 64;
      },
    };
  }

  test('does not keep the leases that have ended', () => {
    const world = new LeaseWorld();
    const queue = watchQueue(world);
    const leases = Array.from({ length: 500 }, () => world.lease(world.processes.fork(), { maxMs: 1_000_000 }));
    for (const lease of leases) {
      world.table.end(lease, 'released');
      expect(queue.size).toBeLessThanOrEqual(queue.most);
    }
  });

  test('does not grow with heartbeats, whatever ttl they bring', () => {
    const world = new LeaseWorld();
    const queue = watchQueue(world);
    const lease = world.lease(world.processes.fork(), { ...heartbeat(50_000), maxMs: 100_000 });
    for (let beat = 0; beat < 1000; beat += 1) {
      world.table.renew(lease, 50_000 - beat);
      world.table.renew(lease, 60_000);
      expect(queue.size).toBeLessThanOrEqual(queue.most);
    }
  });

  test('does not keep more entries of one lease when the others end', () => {
    const world = new LeaseWorld();
    const queue = watchQueue(world);
    const others = Array.from({ length: 200 }, () => world.lease(world.processes.fork(), heartbeat(20_000_000)));
    const lease = world.lease(world.processes.fork(), { ...heartbeat(100), maxMs: 10_000_000 });
    for (let round = 0; round < 300; round += 1) {
      world.table.renew(lease, 100);
      world.table.renew(lease, 20_000_000);
      world.pass(100);
    }
    for (const other of others) {
      world.table.end(other, 'released');
      expect(queue.size).toBeLessThanOrEqual(queue.most);
    }
    expect(lease.state).toBe('active');
  });
});
