import { expect, test } from 'vitest';
import type { ProtectionChange } from '#core/protected-set.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

/** What a listener of the protected set hears. */
function listen(world: LeaseWorld): {
  readonly heard: [string, number, string | undefined][];
  readonly generations: number[];
  stop(): void;
} {
  const heard: [string, number, string | undefined][] = [];
  const generations: number[] = [];
  const stop = world.table.protectedSet.listen((change: ProtectionChange, generation) => {
    heard.push([change.kind, change.member.pid, change.kind === 'added' ? change.member.leases[0]?.id : undefined]);
    generations.push(generation);
  });
  return { heard, generations, stop };
}

test('every change grows the generation, and is told with it', () => {
  const world = new LeaseWorld();
  const { heard, generations } = listen(world);
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const outer = world.lease(root);
  world.leasesOf(child);
  const inner = world.lease(child);
  world.table.end(inner, 'released');
  world.exit(child);
  world.table.end(outer, 'released');
  expect(heard).toEqual([
    ['added', root.pid, outer.id],
    ['added', child.pid, outer.id],
    ['added', child.pid, inner.id],
    ['added', child.pid, outer.id],
    ['removed', child.pid, undefined],
    ['removed', root.pid, undefined],
  ]);
  expect(generations).toEqual([1, 2, 3, 4, 5, 6]);
  expect(world.table.protectedSet.generation).toBe(6);
});

test('what leaves the set as it was does not', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const lease = world.lease(root);
  const { generation } = world.table.protectedSet;
  world.leasesOf(root);
  world.leasesOf(world.processes.fork());
  world.register(root, { label: 'other terms' });
  world.table.renew(lease);
  expect(world.table.protectedSet.generation).toBe(generation);
});

test('a lease around a process whose innermost stays is no change of the set', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  world.lease(child);
  world.lease(root);
  const { heard } = listen(world);
  world.leasesOf(child);
  expect(heard).toEqual([]);
});

test('it begins above every generation of the server before', () => {
  const world = new LeaseWorld();
  expect(world.makeTable(77).protectedSet.generation).toBe(77);
});

test('who stopped listening hears nothing', () => {
  const world = new LeaseWorld();
  const { heard, stop } = listen(world);
  stop();
  world.lease(world.processes.fork());
  expect(heard).toEqual([]);
});
