import { describe, expect, test } from 'vitest';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

/** Processes of one chain, each started some ticks after the one that forked it. */
function chain(world: LeaseWorld, length: number, ticksApart = 1): FakeProcess[] {
  const processes = [world.processes.fork()];
  while (processes.length < length) {
    world.clock.turn(10 * ticksApart);
    processes.push(world.processes.fork(processes.at(-1)));
  }
  return processes;
}

type Three = [FakeProcess, FakeProcess, FakeProcess];

describe('a lease taken inside a tree', () => {
  test('has the innermost lease around it as its parent', () => {
    const world = new LeaseWorld();
    const [a, b, c] = chain(world, 3) as Three;
    const outer = world.lease(a);
    const middle = world.lease(b);
    const inner = world.lease(c);
    expect([outer.parent, middle.parent, inner.parent]).toEqual([undefined, outer, middle]);
    expect([outer.depth, middle.depth, inner.depth]).toEqual([1, 2, 3]);
    expect(world.leasesOf(c)).toEqual([inner, middle, outer]);
  });

  test('nests at most four deep, and the hold of the fifth is closed', () => {
    const world = new LeaseWorld();
    const processes = chain(world, 5);
    for (const process of processes.slice(0, 4)) world.lease(process);
    expect(() => world.lease(processes[4]!)).toThrow(
      expect.objectContaining({ kind: 'limitReached', data: { limit: 'depthMax' } }),
    );
    expect(world.table.size).toBe(4);
    expect(world.processes.closedTwice).toEqual([]);
    expect(world.leasesOf(processes[4]!)).toHaveLength(4);
  });

  test('may be taken by another owner', () => {
    const world = new LeaseWorld();
    const a = world.processes.fork();
    const b = world.processes.fork(a, { uid: 1000 });
    const outer = world.lease(a);
    const inner = world.lease(b);
    expect(inner).toMatchObject({ uid: 1000, parent: outer });
  });

  test('outlives the one around it', () => {
    const world = new LeaseWorld();
    const [a, b, c] = chain(world, 3) as Three;
    const outer = world.lease(a);
    const inner = world.lease(b);
    world.leasesOf(c);
    world.table.end(outer, 'released');
    expect(world.leasesOf(c)).toEqual([inner]);
    expect(world.leasesOf(a)).toEqual([]);
    expect(inner.state).toBe('active');
  });

  test('leaves its members to the one around it when it ends', () => {
    const world = new LeaseWorld();
    const [a, b, c] = chain(world, 3) as Three;
    const outer = world.lease(a);
    const inner = world.lease(b);
    world.leasesOf(c);
    world.table.end(inner, 'released');
    expect(world.leasesOf(c)).toEqual([outer]);
    expect(new Set(world.membersOf(outer))).toEqual(new Set([a, b, c]));
  });

  test('around which one on a process alone stands is not inside it', () => {
    const world = new LeaseWorld();
    const [a, b] = chain(world, 2) as [FakeProcess, FakeProcess];
    world.lease(a, { scope: 'process' });
    const inner = world.lease(b);
    expect(inner).toMatchObject({ parent: undefined, depth: 1 });
    expect(world.leasesOf(b)).toEqual([inner]);
  });
});

describe.each([0, 1])('a lease taken later on an ancestor (%i ticks between the processes)', (ticksApart) => {
  test("covers the inner lease's root, as the outer one", () => {
    const world = new LeaseWorld();
    const [a, , c] = chain(world, 3, ticksApart) as Three;
    const inner = world.lease(c);
    const outer = world.lease(a);
    expect(world.leasesOf(c)).toEqual([inner, outer]);
  });

  test("covers the descendants of the inner lease's root, known or not, as the outer one", () => {
    const world = new LeaseWorld();
    const [a, b, known, unknown] = chain(world, 4, ticksApart) as [...Three, FakeProcess];
    const inner = world.lease(b);
    world.leasesOf(known);
    const outer = world.lease(a);
    expect(world.leasesOf(unknown)).toEqual([inner, outer]);
    expect(world.leasesOf(known)).toEqual([inner, outer]);
  });

  test('comes between the two that were there', () => {
    const world = new LeaseWorld();
    const [a, b, c, leaf] = chain(world, 4, ticksApart) as [...Three, FakeProcess];
    const outer = world.lease(a);
    const inner = world.lease(c);
    const middle = world.lease(b);
    expect(world.leasesOf(leaf)).toEqual([inner, middle, outer]);
    expect(world.leasesOf(c)).toEqual([inner, middle, outer]);
  });

  test('does not make the verdict name it, where the inner one forbids too', () => {
    const world = new LeaseWorld();
    const [a, b] = chain(world, 2, ticksApart) as [FakeProcess, FakeProcess];
    const inner = world.lease(b);
    world.lease(a);
    const stranger = world.sender(world.processes.fork());
    expect(world.verdict(stranger, b)).toMatchObject({ allow: false, rule: 'lease', leaseId: inner.id });
  });

  test('is not the parent of what is taken inside the inner one', () => {
    const world = new LeaseWorld();
    const [a, b, c] = chain(world, 3, ticksApart) as Three;
    const inner = world.lease(b);
    world.lease(a);
    world.leasesOf(b);
    expect(world.lease(c)).toMatchObject({ parent: inner, depth: 2 });
  });
});

describe('leases that a chain of processes takes from the inside outwards', () => {
  test('cover a process by the 32 innermost, and the bound is a clear error', () => {
    const world = new LeaseWorld();
    const processes = chain(world, 40);
    const leaf = processes.at(-1)!;
    const leases = processes.toReversed().map((process) => world.lease(process, {}, 1000));
    expect(world.leasesOf(leaf)).toEqual(leases.slice(0, 32));
    expect(world.leasesOf(world.processes.fork(leaf)).length).toBe(32);
    expect(() => world.lease(world.processes.fork(leaf))).toThrow(
      expect.objectContaining({ kind: 'limitReached', data: { limit: 'leasesPerProcessMax' } }),
    );
  });

  test('that end make room for those further out', () => {
    const world = new LeaseWorld();
    const processes = chain(world, 33);
    const leaf = processes.at(-1)!;
    const leases = processes.toReversed().map((process) => world.lease(process, {}, 1000));
    world.leasesOf(leaf);
    world.table.end(leases[5]!, 'released');
    world.lease(world.processes.fork());
    expect(world.leasesOf(leaf)).toEqual(leases.filter((_, index) => index !== 5));
  });
});

test('who lost the way to an inner root keeps that lease as the inner one', () => {
  const world = new LeaseWorld();
  const [a, b, c, leaf] = chain(world, 4) as [...Three, FakeProcess];
  const inner = world.lease(c);
  world.leasesOf(leaf);
  world.exit(c);
  expect(leaf.parent).toBe(world.processes.init);
  leaf.parent = b;
  const outer = world.lease(a);
  expect(world.leasesOf(leaf)).toEqual([inner, outer]);
});

test('who descends from it, over a process that lost that way and knows only one of the two, keeps them in order', () => {
  const world = new LeaseWorld();
  const [a, b, c, d] = chain(world, 4) as [...Three, FakeProcess];
  const inner = world.lease(b);
  world.leasesOf(c);
  const outer = world.lease(a);
  world.leasesOf(d);
  world.exit(a);
  world.exit(b);
  world.lease(world.processes.fork());
  expect(world.leasesOf(c)).toEqual([inner]);
  world.lease(world.processes.fork());
  expect(world.leasesOf(world.processes.fork(d))).toEqual([inner, outer]);
});

test('leases by a marker come last: what they are inside of is not known', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork(world.processes.init, { uid: 7 });
  const marked = world.lease(root, { markerDigest: 'm' });
  world.clock.turn(50);
  const stray = world.processes.fork(world.processes.init, { uid: 7, marker: 'm' });
  world.leasesOf(stray);
  const own = world.lease(stray);
  expect(own.parent).toBe(marked);
  expect(world.leasesOf(stray)).toEqual([own, marked]);
  world.clock.turn(50);
  const child = world.processes.fork(stray);
  expect(world.table.membership.coverage(child.pid)).toEqual({ leases: [own, marked], asSender: [own] });
});
