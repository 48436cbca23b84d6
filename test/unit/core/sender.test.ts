import { describe, expect, test } from 'vitest';
import { Sender } from '#core/sender.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

describe('a sender', () => {
  test('has the rights of the leases that cover it', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const sender = world.sender(world.processes.fork(root));
    const lease = world.lease(root);
    expect(sender.coverage(world.table.membership)).toEqual([lease]);
  });

  test('that has exited has none, though its connection is kept', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const sender = world.sender(child);
    world.lease(root);
    expect(world.verdict(sender, root).rule).toBe('ownTree');
    world.processes.exit(child);
    expect(sender.pid).toBeUndefined();
    expect(world.verdict(sender, root).rule).toBe('lease');
    world.processes.fork(root, { pid: child.pid });
    expect(world.verdict(sender, root).rule, 'nor does a member that got its pid lend it any').toBe('lease');
  });

  test('that exits while it is looked up has none, whoever gets its pid then', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const stranger = world.processes.fork();
    world.lease(root);
    const held = world.hold(stranger);
    const { alive } = held;
    held.alive = () => {
      const lived = alive.call(held);
      world.processes.exit(stranger);
      if (lived) world.processes.fork(root, { pid: stranger.pid });
      return lived;
    };
    expect(world.verdict(new Sender(held), root).rule).toBe('lease');
    expect(world.table.members.live(stranger.pid), 'the newcomer is a member').toBeDefined();
  });

  test('whose process is not known has none', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.lease(root);
    const sender = world.sender(undefined);
    expect(sender.pid).toBeUndefined();
    expect(world.verdict(sender, root).rule).toBe('lease');
  });

  test('lets go of its process when it is closed', () => {
    const world = new LeaseWorld();
    world.sender(world.processes.fork()).close();
    world.sender(undefined).close();
    expect(world.processes.openHolds).toEqual([]);
  });
});

describe('a sender outside every lease', () => {
  test('is not looked up again while no tree is added', () => {
    const world = new LeaseWorld();
    const sender = world.sender(world.processes.fork(world.processes.fork()));
    world.lease(world.processes.fork());
    expect(sender.coverage(world.table.membership)).toEqual([]);
    const { entriesRead } = world.processes;
    world.lease(world.processes.fork(), { scope: 'process' });
    const afterRegistration = world.processes.entriesRead;
    expect(sender.coverage(world.table.membership)).toEqual([]);
    expect(world.processes.entriesRead).toBe(afterRegistration);
    expect(entriesRead).toBeGreaterThan(0);
  });

  test('is a member at once when a tree above it is leased', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const sender = world.sender(world.processes.fork(root));
    expect(sender.coverage(world.table.membership)).toEqual([]);
    const lease = world.lease(root);
    expect(sender.coverage(world.table.membership)).toEqual([lease]);
    world.table.end(lease, 'released');
    expect(sender.coverage(world.table.membership)).toEqual([]);
  });

  test('and when a lease above it grows to a tree', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const sender = world.sender(world.processes.fork(root));
    const lease = world.lease(root, { scope: 'process' });
    expect(sender.coverage(world.table.membership)).toEqual([]);
    world.register(root);
    expect(sender.coverage(world.table.membership)).toEqual([lease]);
  });
});
