import { describe, expect, test } from 'vitest';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

describe('a tree lease', () => {
  test('ends with its last member, and not with its root', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const lease = world.lease(root);
    world.leasesOf(child);
    world.exit(root);
    expect(lease).toMatchObject({ state: 'active', rootAlive: false });
    world.exit(child);
    expect(world.ended).toMatchObject([{ lease, end: 'exited' }]);
    expect(world.table.size).toBe(0);
    expect(world.processes.openHolds).toEqual([]);
    expect(world.processes.closedTwice).toEqual([]);
  });

  test('whose last member is only found to be gone ends then', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.lease(root);
    world.processes.exit(root);
    expect(world.ended).toEqual([]);
    world.leasesOf(root);
    expect(world.ended).toMatchObject([{ end: 'exited' }]);
  });

  test('whose root was replaced, in the same clock tick too, does not take the newcomer for it', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const lease = world.lease(root);
    world.leasesOf(child);
    world.exit(root);
    const newcomer = world.processes.fork(child, { pid: root.pid, startTicks: Number(root.startTicks) });
    world.leasesOf(newcomer);
    lease.rootAlive = true;
    world.exit(newcomer);
    expect(lease.rootAlive, 'an exit of the newcomer says nothing of the root').toBe(true);
  });
});

test('leases end together where one process was the last of all', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const outer = world.lease(root);
  const inner = world.lease(child);
  world.exit(root);
  expect(world.ended).toEqual([]);
  world.exit(child);
  expect(new Set(world.ended.map(({ lease }) => lease))).toEqual(new Set([outer, inner]));
});

test('a lease on a process alone ends with it, whatever it left running', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const lease = world.lease(root, { scope: 'process', markerDigest: 'm' });
  world.leasesOf(world.processes.fork(root));
  world.exit(root);
  expect(world.emptied).toEqual([]);
  expect(world.ended).toMatchObject([{ lease, end: 'exited' }]);
});

test('where the kernel tells of forks, a tree waits for its last word; a lease on a process alone does not', () => {
  const world = new LeaseWorld();
  world.seesForks = true;
  world.table = world.makeTable(0);
  const [root, alone] = [world.processes.fork(), world.processes.fork()];
  const child = world.processes.fork(root);
  const lease = world.lease(root);
  world.lease(alone, { scope: 'process' });
  world.exit(alone);
  expect(world.ended).toMatchObject([{ lease: { rootPid: alone.pid }, end: 'exited' }]);
  world.exit(root);
  expect(world.emptied).toEqual([lease]);
  expect(lease.state).toBe('active');
  expect(world.leasesOf(child), 'it was forked, and nobody had seen it').toEqual([]);
  world.table.endIfEmpty(lease);
  expect(lease.state).toBe('exited');
});

test('an exit that is told twice, or after the lease, does nothing', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const { lease, member } = world.register(root);
  world.processes.exit(root);
  world.table.exited(member);
  world.table.exited(member);
  world.table.end(lease, 'released');
  world.table.endIfEmpty(lease);
  expect(world.ended).toHaveLength(1);
  expect(lease.state).toBe('exited');
  expect(world.processes.closedTwice).toEqual([]);
});

test('a late word of an exit does not harm who has the pid now', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const { member } = world.register(root);
  world.processes.exit(root);
  const newcomer = world.processes.fork(world.processes.init, { pid: root.pid, startTicks: Number(root.startTicks) });
  const lease = world.lease(newcomer);
  world.table.exited(member);
  expect(lease.state).toBe('active');
  expect(world.leasesOf(newcomer)).toEqual([lease]);
});

test('ending a lease while others cover its members lets go of nobody', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const lease = world.lease(root);
  const own = world.lease(world.processes.fork(root));
  world.table.end(lease, 'revoked');
  expect(world.membersOf(own)).toHaveLength(1);
  expect(world.table.members.size).toBe(1);
  expect(lease.members.size).toBe(0);
});
