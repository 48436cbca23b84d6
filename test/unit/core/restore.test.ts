import { expect, test } from 'vitest';
import type { Lease } from '#core/lease.ts';
import { renewDeadline } from '#core/lease.ts';
import { Roster } from '#core/roster.ts';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import { heartbeat } from '#test/support/core/terms.ts';

/** A lease as the next server reads it from the database. */
function read(world: LeaseWorld, lease: Lease, parent?: Lease): Lease {
  const row: Lease = {
    ...lease,
    parent,
    deadlineMs: Infinity,
    members: new Roster(),
    rootAlive: true,
    warned: false,
    scheduledMs: Infinity,
  };
  renewDeadline(row, world.clock.monotonicMs());
  return row;
}

/** The next server takes up these leases, with these members of each. */
function restart(
  world: LeaseWorld,
  leases: readonly (readonly [Lease, readonly FakeProcess[], (readonly FakeProcess[])?])[],
): Lease[] {
  const generation = world.table.protectedSet.generation + 1000;
  world.processes.abandonHolds();
  world.joined.length = 0;
  world.table = world.makeTable(generation);
  const restored = new Map<string, Lease>();
  for (const [lease, members, marked = []] of leases) {
    const row = read(world, lease, restored.get(lease.parent?.id ?? ''));
    restored.set(row.id, row);
    world.table.restore(row, [
      ...members.map((process) => ({ held: world.hold(process), byMarker: false })),
      ...marked.map((process) => ({ held: world.hold(process), byMarker: true })),
    ]);
  }
  return [...restored.values()];
}

test('leases and members are there again, and watched', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const [lease] = restart(world, [[world.lease(root), [root, child]]]);
  expect(world.table.get(lease!.id)).toBe(lease);
  expect(new Set(world.membersOf(lease!))).toEqual(new Set([root, child]));
  expect(world.joined.map(({ member, isNew }) => [member.pid, isNew])).toEqual([
    [root.pid, true],
    [child.pid, true],
  ]);
  expect(world.leasesOf(child)).toEqual([lease]);
  expect(world.register(root).lease).toBe(lease);
});

test('a re-parented member is one still', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const orphan = world.processes.fork(world.processes.fork(root));
  const before = world.lease(root);
  world.processes.exit(orphan.parent!);
  const [lease] = restart(world, [[before, [root, orphan]]]);
  expect(world.leasesOf(orphan)).toEqual([lease]);
  expect(world.table.membership.coverage(orphan.pid).asSender).toEqual([lease]);
});

test('a member of two leases is held once', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const [outer, inner] = [world.lease(root), world.lease(child)];
  const [newOuter, newInner] = restart(world, [
    [outer, [root, child]],
    [inner, [child]],
  ]);
  expect(world.leasesOf(child)).toEqual([newInner, newOuter]);
  expect(world.processes.openHolds).toHaveLength(2);
  expect(world.processes.closedTwice).toEqual([]);
});

test('innermost first, whichever was granted first, and without the processes between', () => {
  const world = new LeaseWorld();
  const a = world.processes.fork();
  world.clock.turn(50);
  const b = world.processes.fork(a);
  world.clock.turn(50);
  const leaf = world.processes.fork(b);
  const inner = world.lease(b);
  const outer = world.lease(a);
  world.processes.exit(b);
  world.processes.exit(a);
  const [newInner, newOuter] = restart(world, [
    [inner, [leaf]],
    [outer, [leaf]],
  ]);
  expect(world.leasesOf(leaf)).toEqual([newInner, newOuter]);
});

test('innermost first, where the roots started in one clock tick and one lease was taken inside the other', () => {
  const world = new LeaseWorld();
  const a = world.processes.fork();
  const b = world.processes.fork(a);
  const leaf = world.processes.fork(b);
  const outer = world.lease(a);
  const inner = world.lease(b);
  world.processes.exit(b);
  world.processes.exit(a);
  const [newOuter, newInner] = restart(world, [
    [outer, [leaf]],
    [inner, [leaf]],
  ]);
  expect(world.leasesOf(leaf)).toEqual([newInner, newOuter]);
});

test('who was known by the marker alone is so still', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const stray = world.processes.fork();
  const [lease] = restart(world, [[world.lease(root, { markerDigest: 'm' }), [root], [stray]]]);
  expect(world.table.membership.coverage(stray.pid)).toEqual({ leases: [lease], asSender: [] });
  expect(() => world.lease(world.processes.fork(), { markerDigest: 'm' })).toThrow(/marker/);
});

test('a lease that shrank to its root takes no other up, and holds none', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const before = world.lease(root, { scope: 'process' });
  const [lease] = restart(world, [[before, [root, child]]]);
  expect(world.membersOf(lease!)).toEqual([root]);
  expect(world.leasesOf(child)).toEqual([]);
  expect(world.processes.openHolds.map((held) => held.process)).toEqual([root]);
  expect(world.processes.closedTwice).toEqual([]);
});

test('a heartbeat lease has one full ttl, a lease with an end what is left of it', () => {
  const world = new LeaseWorld();
  const beating = world.lease(world.processes.fork(), heartbeat(1000));
  const ending = world.lease(world.processes.fork(), { maxMs: 10_000 });
  const grantedMs = world.clock.monotonicMs();
  world.clock.turn(9_500);
  const rootOf = (lease: Lease): FakeProcess => world.processes.at(lease.rootPid)!;
  restart(world, [
    [beating, [rootOf(beating)]],
    [ending, [rootOf(ending)]],
  ]);
  const restartedMs = world.clock.monotonicMs();
  world.pass(60_000);
  expect(world.ended.map(({ lease, atMs }) => [lease.id, atMs])).toEqual([
    [ending.id, grantedMs + 10_000],
    [beating.id, restartedMs + 1000],
  ]);
});

test('counts and room are as before', () => {
  const world = new LeaseWorld({ leasesPerUidMax: 1 });
  const root = world.processes.fork();
  restart(world, [[world.lease(root), [root]]]);
  expect(() => world.lease(world.processes.fork())).toThrow(expect.objectContaining({ data: { limit: 'leasesPerUidMax' } }));
});
