import { expect, test } from 'vitest';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

test('a lease on a process alone covers none of its children', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const lease = world.lease(root, { scope: 'process' });
  expect(world.leasesOf(root)).toEqual([lease]);
  expect(world.leasesOf(world.processes.fork(root))).toEqual([]);
});

test('a tree that shrinks to its root lets go of the others', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const lease = world.lease(root);
  world.leasesOf(child);
  world.register(root, { scope: 'process' });
  expect(world.membersOf(lease)).toEqual([root]);
  expect(world.leasesOf(child)).toEqual([]);
  expect(world.processes.openHolds).toHaveLength(1);
});

test('and leaves those that another lease covers to that one', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  world.lease(root);
  const own = world.lease(child);
  world.register(root, { scope: 'process' });
  expect(world.leasesOf(child)).toEqual([own]);
});

test('a lease that grows to a tree covers the children that were there', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const own = world.lease(child);
  const lease = world.lease(root, { scope: 'process' });
  expect(world.leasesOf(child)).toEqual([own]);
  world.register(root);
  expect(world.leasesOf(child)).toEqual([own, lease]);
});

test('a tree inside a shrunk tree goes on', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  world.lease(root);
  const inner = world.lease(child);
  world.register(root, { scope: 'process' });
  expect(world.leasesOf(world.processes.fork(child))).toEqual([inner]);
});
