import { describe, expect, test } from 'vitest';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import { heartbeat, terms } from '#test/support/core/terms.ts';

describe('a registration', () => {
  test('makes a lease that says who, what and when', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid: 1000 });
    world.clock.suspend(5_000);
    const { lease, member, isNew } = world.register(root, { label: 'cycles' });
    expect(isNew).toBe(true);
    expect(lease).toMatchObject({
      uid: 1000,
      rootPid: root.pid,
      rootStartTicks: root.startTicks,
      rootPidfdId: String(root.serial),
      state: 'active',
      rootAlive: true,
      depth: 1,
      grantedWallMs: world.clock.wallMs(),
      grantedTicks: world.clock.bootTicks(),
      renewedWallMs: null,
      endedWallMs: null,
      deadlineMs: Infinity,
      maxDeadlineMs: Infinity,
    });
    expect(lease.terms.label).toBe('cycles');
    expect(member.leases).toEqual([lease]);
    expect(world.table.get(lease.id)).toBe(lease);
    expect([...world.table.values()]).toEqual([lease]);
    expect(world.joined).toEqual([{ member, isNew: true }]);
  });

  test('keeps the hold of a new member, and closes that of one it has', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const first = world.hold(root);
    world.table.register(0, first, terms());
    expect(first.closes).toBe(0);
    world.leasesOf(child);
    const second = world.hold(child);
    world.table.register(0, second, terms());
    expect(second.closes).toBe(1);
    expect(world.processes.openHolds.map((held) => held.process)).toEqual([root, child]);
    expect(world.processes.closedTwice).toEqual([]);
  });

  test('of a process that has just exited is refused', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const held = world.hold(root);
    world.processes.exit(root);
    expect(() => world.table.register(0, held, terms())).toThrow(expect.objectContaining({ kind: 'processNotFound' }));
    expect(held.closes).toBe(1);
    expect(world.table.size).toBe(0);
  });

  test('of a process that exits while it is looked at is refused', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.processes.afterEntry = () => {
      world.processes.exit(root);
    };
    expect(() => world.lease(root)).toThrow(expect.objectContaining({ kind: 'processNotFound' }));
    expect(world.processes.openHolds).toEqual([]);
  });

  test('that the machine fails leaks no hold', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const held = world.hold(root);
    world.processes.afterEntry = () => {
      throw new Error('EMFILE');
    };
    expect(() => world.table.register(0, held, terms())).toThrow('EMFILE');
    expect(held.closes).toBe(1);
  });

  test('whose member cannot be watched leaves nothing behind', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.onJoined = () => {
      throw new Error('ENOSPC');
    };
    expect(() => world.lease(root, { markerDigest: 'm' })).toThrow('ENOSPC');
    expect(world.table.size).toBe(0);
    expect(world.table.members.size).toBe(0);
    expect(world.table.hasMarkers).toBe(false);
    expect(world.processes.openHolds).toEqual([]);
    expect(world.processes.closedTwice).toEqual([]);
    expect(world.ended).toEqual([]);
  });
});

test('a look that the machine fails leaks no hold', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  world.lease(root);
  let reads = 0;
  world.processes.afterEntry = () => {
    reads += 1;
    if (reads > 3) throw new Error('EMFILE');
  };
  expect(() => world.leasesOf(child)).toThrow('EMFILE');
  expect(world.processes.openHolds.map((held) => held.process)).toEqual([root]);
});

describe('registering the same process again', () => {
  test('gives the same lease with the new terms', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const first = world.register(root, { label: 'a' });
    world.clock.turn(1000);
    const again = world.register(root, { ...heartbeat(500), label: 'b', maxMs: 4000 });
    expect(again.isNew).toBe(false);
    expect(again.lease).toBe(first.lease);
    expect(again.member).toBe(first.member);
    expect(again.lease).toMatchObject({
      renewedWallMs: world.clock.wallMs(),
      deadlineMs: world.clock.monotonicMs() + 500,
      maxDeadlineMs: world.clock.monotonicMs() + 4000,
    });
    expect(again.lease.terms).toMatchObject({ label: 'b', renewal: 'heartbeat', ttlMs: 500 });
    expect(world.table.size).toBe(1);
    expect(world.processes.openHolds).toHaveLength(1);
  });

  test('from inside another lease gives the same lease too', () => {
    const world = new LeaseWorld();
    const outer = world.processes.fork();
    const root = world.processes.fork(outer);
    world.lease(outer);
    const lease = world.lease(root);
    expect(world.lease(root)).toBe(lease);
    expect(world.table.size).toBe(2);
  });

  test('by another owner is refused', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid: 1000 });
    const lease = world.lease(root);
    expect(() => world.lease(root, { label: 'stolen' }, 0)).toThrow(expect.objectContaining({ kind: 'leaseHeldByOther' }));
    expect(lease.terms.label).toBeNull();
    expect(world.processes.openHolds).toHaveLength(1);
  });

  test('after it was released gives another lease', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const first = world.lease(root);
    world.table.end(first, 'released');
    expect(world.lease(root)).not.toBe(first);
  });

  test('ends with the process: who gets its pid, in the same clock tick and inside the tree, is another', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const lease = world.lease(root);
    world.leasesOf(child);
    world.exit(root);
    const newcomer = world.processes.fork(child, { pid: root.pid, startTicks: Number(root.startTicks) });
    const own = world.lease(newcomer, {}, 1000);
    expect(own).not.toBe(lease);
    expect(own).toMatchObject({ uid: 1000, parent: lease });
    expect(lease.rootAlive).toBe(false);
  });
});

describe('limits', () => {
  test('so many leases a uid', () => {
    const world = new LeaseWorld({ leasesPerUidMax: 2 });
    const processes = [1000, 1000, 1000, 1001].map((uid) => world.processes.fork(world.processes.init, { uid }));
    world.lease(processes[0]!);
    const second = world.lease(processes[1]!);
    expect(() => world.lease(processes[2]!)).toThrow(
      expect.objectContaining({ kind: 'limitReached', data: { limit: 'leasesPerUidMax' } }),
    );
    world.lease(processes[3]!);
    world.lease(processes[0]!, { label: 'new terms need no room' });
    world.table.end(second, 'released');
    world.lease(processes[2]!);
    expect(world.processes.openHolds).toHaveLength(3);
  });

  test('so many processes that are watched; a known one may be registered still', () => {
    const world = new LeaseWorld({ membersMax: 2 });
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    world.lease(root);
    world.leasesOf(child);
    expect(() => world.lease(world.processes.fork())).toThrow(
      expect.objectContaining({ kind: 'limitReached', data: { limit: 'membersMax' } }),
    );
    world.lease(child);
    expect(world.processes.openHolds).toHaveLength(2);
  });
});
