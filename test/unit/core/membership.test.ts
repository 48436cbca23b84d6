import { describe, expect, test } from 'vitest';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

/** A chain of processes, each forked by the one before. */
function chain(world: LeaseWorld, length: number): FakeProcess[] {
  const processes = [world.processes.fork()];
  while (processes.length < length) {
    world.clock.turn(50);
    processes.push(world.processes.fork(processes.at(-1)));
  }
  return processes;
}

describe('walking up', () => {
  test('a descendant is covered however deep it is, and whoever has no ancestor in the tree is not', () => {
    const world = new LeaseWorld();
    const processes = chain(world, 5);
    const lease = world.lease(processes[1]!);
    expect(world.leasesOf(processes[4]!)).toEqual([lease]);
    expect(world.leasesOf(processes[0]!)).toEqual([]);
    expect(world.leasesOf(world.processes.fork())).toEqual([]);
    expect(world.membersOf(lease)).toEqual([processes[1], processes[4]]);
  });

  test('no process under the pid: not covered', () => {
    const world = new LeaseWorld();
    expect(world.table.membership.coverage(4711)).toEqual({ leases: [], asSender: [] });
  });

  test('who was seen stays a member when its parent exits', () => {
    const world = new LeaseWorld();
    const [root, middle, leaf] = chain(world, 3) as [FakeProcess, FakeProcess, FakeProcess];
    const lease = world.lease(root);
    world.leasesOf(leaf);
    world.exit(middle);
    expect(leaf.parent).toBe(world.processes.init);
    expect(world.leasesOf(leaf)).toEqual([lease]);
    world.exit(root);
    world.lease(world.processes.fork());
    expect(world.leasesOf(leaf), 'though the walk is taken again').toEqual([lease]);
  });

  test('a subreaper that was not seen yet adopts: its own walk finds the root', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const reaper = world.processes.fork(root, { subreaper: true });
    const middle = world.processes.fork(reaper);
    const leaf = world.processes.fork(middle);
    const lease = world.lease(root);
    world.processes.exit(middle);
    expect(leaf.parent).toBe(reaper);
    expect(world.leasesOf(leaf)).toEqual([lease]);
  });

  test('a parent that started after its child is no parent: its pid was reused', () => {
    const world = new LeaseWorld();
    const parent = world.processes.fork(world.processes.init, { startTicks: 500 });
    const sameTick = world.processes.fork(parent, { startTicks: 500 });
    const earlier = world.processes.fork(parent, { startTicks: 499 });
    const lease = world.lease(parent);
    expect(world.leasesOf(sameTick)).toEqual([lease]);
    expect(world.leasesOf(earlier)).toEqual([]);
  });

  test("the parent dies while it is read: the child's parent is read again", () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { subreaper: true });
    const middle = world.processes.fork(root);
    const leaf = world.processes.fork(middle);
    const lease = world.lease(root);
    world.processes.afterEntry = (pid) => {
      if (pid === leaf.pid) world.processes.exit(middle);
    };
    expect(world.leasesOf(leaf)).toEqual([lease]);
  });

  test('the parent dies while it is read, and another process gets its pid: that one is not taken for the parent', () => {
    const world = new LeaseWorld();
    const middle = world.processes.fork();
    const leaf = world.processes.fork(middle);
    const protectedOne = world.processes.fork();
    const lease = world.lease(protectedOne);
    world.processes.afterEntry = (pid) => {
      if (pid !== leaf.pid || !middle.lives) return;
      world.processes.exit(middle);
      world.processes.fork(protectedOne, { pid: middle.pid, startTicks: Number(middle.startTicks) });
    };
    expect(world.leasesOf(leaf)).toEqual([]);
    expect(world.membersOf(lease)).toEqual([protectedOne]);
  });

  test('a process on the way up is replaced while its parent is read: the way of the newcomer is not taken', () => {
    const world = new LeaseWorld();
    const middle = world.processes.fork(world.processes.fork());
    const leaf = world.processes.fork(middle);
    const protectedOne = world.processes.fork();
    const lease = world.lease(protectedOne);
    world.processes.afterEntry = (pid) => {
      if (pid !== middle.parent?.pid || !middle.lives) return;
      world.processes.exit(middle);
      world.clock.turn(10);
      world.processes.fork(protectedOne, { pid: middle.pid });
    };
    expect(world.leasesOf(leaf)).toEqual([]);
    expect(world.membersOf(lease)).toEqual([protectedOne]);
  });

  test('the process itself is replaced while it is looked at: the newcomer is not taken for it', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const leaf = world.processes.fork(root);
    const lease = world.lease(root);
    let newcomer: FakeProcess | undefined;
    const { hold } = world.processes;
    world.processes.hold = (pid) => {
      world.processes.exit(leaf);
      newcomer ??= world.processes.fork(world.processes.init, { pid: leaf.pid });
      return hold.call(world.processes, pid);
    };
    expect(world.leasesOf(leaf)).toEqual([]);
    expect(world.membersOf(lease)).toEqual([root]);
    expect(world.processes.openHolds.map((held) => held.process)).toEqual([root]);
  });

  test('parents that change at every look end the walk, and not the server', () => {
    const world = new LeaseWorld();
    const leaf = world.processes.fork(world.processes.fork());
    world.lease(world.processes.fork());
    world.processes.afterEntry = (pid) => {
      if (pid === leaf.pid) leaf.parent = world.processes.fork();
    };
    expect(world.leasesOf(leaf)).toEqual([]);
  });

  test('entries that make a ring end the walk', () => {
    const world = new LeaseWorld();
    const one = world.processes.fork();
    const other = world.processes.fork(one);
    one.parent = other;
    world.lease(world.processes.fork());
    expect(world.leasesOf(one)).toEqual([]);
  });
});

describe('what is known', () => {
  test('is not read again while no tree was added', () => {
    const world = new LeaseWorld();
    const [root, , leaf] = chain(world, 3) as [FakeProcess, FakeProcess, FakeProcess];
    world.lease(root);
    world.leasesOf(leaf);
    const before = world.processes.entriesRead;
    world.leasesOf(leaf);
    world.lease(world.processes.fork(), { scope: 'process' });
    const afterRegistration = world.processes.entriesRead;
    world.leasesOf(leaf);
    expect(world.processes.entriesRead).toBe(afterRegistration);
    expect(before).toBeGreaterThan(0);
  });

  test('ends with the process: the next one under its pid is not covered', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const leaf = world.processes.fork(root);
    const lease = world.lease(root);
    world.leasesOf(leaf);
    world.processes.exit(leaf);
    const newcomer = world.processes.fork(world.processes.init, { pid: leaf.pid, startTicks: Number(leaf.startTicks) });
    expect(world.leasesOf(newcomer), 'found by alive(), before the watcher told').toEqual([]);
    expect(world.membersOf(lease)).toEqual([root]);
    expect(world.processes.openHolds.map((held) => held.process)).toEqual([root]);
  });

  test('gets nothing of what is found of the one who has its pid by then', () => {
    const world = new LeaseWorld();
    const process = world.processes.fork();
    const { lease, member } = world.register(process);
    const other = world.processes.fork();
    const otherLease = world.lease(other);
    const { alive } = member.held;
    member.held.alive = () => {
      const lived = alive.call(member.held);
      if (process.lives) {
        world.processes.exit(process);
        world.processes.fork(other, { pid: process.pid });
      }
      return lived;
    };
    expect(world.leasesOf(process)).toEqual([lease]);
    expect(world.membersOf(otherLease)).toEqual([other]);
  });

  test('a zombie is no member', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const leaf = world.processes.fork(root);
    const lease = world.lease(root);
    world.leasesOf(leaf);
    world.processes.exit(leaf, true);
    expect(world.leasesOf(leaf)).toEqual([]);
    expect(world.membersOf(lease)).toEqual([root]);
  });

  test('stays where its line of the table cannot be read: a member lives until its pidfd says otherwise', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const lease = world.lease(root);
    world.lease(world.processes.fork());
    const { entry } = world.processes;
    world.processes.entry = (pid) => (pid === root.pid ? undefined : entry.call(world.processes, pid));
    expect(world.leasesOf(root)).toEqual([lease]);
  });

  test('is where the walk ends: nobody above a member that is known so well is read', () => {
    const world = new LeaseWorld();
    const processes = chain(world, 30);
    world.lease(processes[0]!);
    const parent = processes.at(-1)!;
    world.leasesOf(parent);
    const child = world.processes.fork(parent);
    const before = world.processes.entriesRead;
    expect(world.leasesOf(child)).toHaveLength(1);
    expect(world.processes.entriesRead - before).toBeLessThan(10);
  });

  test('is told once for each process, and for each further lease', () => {
    const world = new LeaseWorld();
    const [outer, inner, leaf] = chain(world, 3) as [FakeProcess, FakeProcess, FakeProcess];
    world.lease(inner);
    world.leasesOf(leaf);
    world.leasesOf(leaf);
    expect(world.joined.map(({ member, isNew }) => [member.pid, isNew])).toEqual([
      [inner.pid, true],
      [leaf.pid, true],
    ]);
    world.joined.length = 0;
    world.lease(outer);
    world.leasesOf(leaf);
    expect(world.joined.map(({ member, isNew }) => [member.pid, isNew])).toEqual([
      [outer.pid, true],
      [leaf.pid, false],
    ]);
  });
});

test('a new member that cannot be watched is not kept', () => {
  const world = new LeaseWorld();
  const root = world.processes.fork();
  const child = world.processes.fork(root);
  const lease = world.lease(root);
  world.onJoined = () => {
    throw new Error('ENOSPC');
  };
  expect(() => world.leasesOf(child)).toThrow('ENOSPC');
  expect(world.membersOf(lease)).toEqual([root]);
  expect(world.processes.openHolds.map((held) => held.process)).toEqual([root]);
  expect(world.processes.closedTwice).toEqual([]);
});

test('a chain that is longer than any job is not walked to its end', () => {
  const world = new LeaseWorld();
  const [root, ...others] = chain(world, 1000);
  world.lease(root!);
  expect(world.leasesOf(others.at(-1)!)).toEqual([]);
  expect(world.leasesOf(others[500]!)).toHaveLength(1);
  expect(world.leasesOf(others.at(-1)!), 'and who was seen half way is where the next walk ends').toHaveLength(1);
});

describe('past the bounds', () => {
  test.each([{ membersMax: 2 }, { membersPerLeaseMax: 2 }])('a process is protected, and not kept: %j', (limits) => {
    const world = new LeaseWorld(limits);
    const root = world.processes.fork();
    const lease = world.lease(root);
    const children = [world.processes.fork(root), world.processes.fork(root)] as const;
    for (const child of children) expect(world.leasesOf(child)).toEqual([lease]);
    expect(world.membersOf(lease)).toEqual([root, children[0]]);
    expect(world.table.membership.coverage(children[1].pid).asSender).toEqual([lease]);
    world.exit(children[0]);
    expect(world.leasesOf(children[1])).toEqual([lease]);
    expect(world.membersOf(lease), 'there is room again').toEqual([root, children[1]]);
  });
});

describe('where the kernel marks what a member forks', () => {
  function marked(): { world: LeaseWorld; root: FakeProcess } {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.lease(root);
    world.leasesOf(root);
    world.table.membership.allMarked(world.table.membership.version);
    return { world, root };
  }

  test('nobody is walked for: a stranger is one by its own line alone', () => {
    const { world } = marked();
    const shell = world.processes.fork(world.processes.fork());
    const stranger = world.processes.fork(shell);
    const before = world.processes.entriesRead;
    expect(world.leasesOf(stranger)).toEqual([]);
    expect(world.processes.entriesRead - before).toBe(1);
  });

  test('a child has what its parent has, an orphan what the kernel passed on', () => {
    const { world, root } = marked();
    const [lease] = world.leasesOf(root);
    const child = world.processes.fork(root);
    expect(world.leasesOf(child)).toEqual([lease]);
    const middle = world.processes.fork(root);
    const orphan = world.processes.fork(middle);
    world.processes.exit(middle);
    expect(world.leasesOf(orphan)).toEqual([]);
    world.processes.kernelMarks.set(orphan, { lease: lease!, carrier: false });
    expect(world.leasesOf(orphan)).toEqual([lease]);
  });

  test.each([
    ['a new tree lease', (world: LeaseWorld): void => void world.lease(world.processes.fork())],
    ['a mark that was missed', (world: LeaseWorld): void => world.table.membership.markMissed()],
  ])('%s has them walked for again', (_name, happen) => {
    const { world, root } = marked();
    happen(world);
    const grandchild = world.processes.fork(world.processes.fork(root));
    expect(world.leasesOf(grandchild)).toEqual(world.leasesOf(root));
  });

  test('a member for whom there was no room is found by walking', () => {
    const world = new LeaseWorld({ membersPerLeaseMax: 2 });
    const root = world.processes.fork();
    world.lease(root);
    const children = [world.processes.fork(root), world.processes.fork(root)];
    const grandchildren = children.map((child) => world.processes.fork(child));
    for (const process of [...children, ...grandchildren]) world.leasesOf(process);
    world.table.membership.allMarked(world.table.membership.version);
    for (const process of grandchildren) expect(world.leasesOf(process)).toEqual(world.leasesOf(root));
  });
});
