import { describe, expect, test } from 'vitest';
import type { FakeProcess, ProcessOptions } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

const uid = 1000;
const digest = 'm';

/** A lease with a marker, and a descendant of it that was re-parented before anyone looked. */
function reparented(
  options: ProcessOptions = {},
  limits: { membersMax?: number } = {},
): { world: LeaseWorld; root: FakeProcess; orphan: FakeProcess } {
  const world = new LeaseWorld(limits);
  const root = world.processes.fork(world.processes.init, { uid, marker: digest });
  world.lease(root, { markerDigest: digest });
  world.clock.turn(50);
  const middle = world.processes.fork(root);
  const orphan = world.processes.fork(middle, options);
  world.processes.exit(middle);
  return { world, root, orphan };
}

describe('who carries the marker', () => {
  test('is found after its parent is gone', () => {
    const { world, root, orphan } = reparented();
    expect(orphan.parent).toBe(world.processes.init);
    expect(world.leasesOf(orphan)).toEqual(world.leasesOf(root));
    expect(world.leasesOf(orphan)).toHaveLength(1);
  });

  test('and has another uid than the owner is not', () => {
    const { world, orphan } = reparented({ uid: 1001 });
    expect(world.leasesOf(orphan)).toEqual([]);
  });

  test.each([
    [0, 0],
    [1, 1],
  ])('must have started at the grant or later: %i ticks after it', (later, count) => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid });
    const granted = world.clock.bootTicks();
    world.lease(root, { markerDigest: digest });
    const process = world.processes.fork(world.processes.init, { uid, marker: digest, startTicks: granted - 1 + later });
    expect(world.leasesOf(process)).toHaveLength(count);
  });

  test('and another marker is not', () => {
    const { world, orphan } = reparented({ marker: 'other' });
    expect(world.leasesOf(orphan)).toEqual([]);
  });

  test('is not covered once the lease is over', () => {
    const { world, root, orphan } = reparented();
    world.leasesOf(orphan);
    world.table.end(world.leasesOf(root)[0]!, 'released');
    expect(world.leasesOf(orphan)).toEqual([]);
    expect(world.processes.openHolds).toEqual([]);
  });

  test('keeps the lease alive when the root is gone', () => {
    const { world, root, orphan } = reparented();
    const [lease] = world.leasesOf(orphan);
    world.exit(root);
    expect(world.ended).toEqual([]);
    expect(world.emptied).toEqual([]);
    world.exit(orphan);
    expect(world.emptied, 'the server looks for others before the lease ends').toEqual([lease]);
    expect(lease?.state).toBe('active');
    world.table.endIfEmpty(lease!);
    expect(world.ended.map(({ end }) => end)).toEqual(['exited']);
  });

  test('found in that last look, the lease goes on', () => {
    const { world, root, orphan } = reparented();
    const [lease] = world.leasesOf(root);
    world.exit(root);
    expect(world.emptied).toEqual([lease]);
    world.leasesOf(orphan);
    world.table.endIfEmpty(lease!);
    expect(lease?.state).toBe('active');
  });

  test('is covered by a marker that comes with new terms, even where another lease had covered it before', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid });
    const lease = world.lease(root);
    const carrier = world.processes.fork(world.processes.init, { uid, marker: digest });
    const own = world.lease(carrier);
    world.leasesOf(carrier);
    world.register(root, { markerDigest: digest });
    expect(world.leasesOf(carrier)).toEqual([own, lease]);
  });

  test('passes it on to its descendants, whatever they carry', () => {
    const { world, root, orphan } = reparented();
    const child = world.processes.fork(orphan, { marker: null, uid: 1001 });
    world.leasesOf(orphan);
    expect(world.leasesOf(child)).toEqual(world.leasesOf(root));
    expect(world.table.membership.coverage(child.pid).asSender).toEqual([]);
  });

  test('passes it on to a descendant that another lease covered before the carrier was seen', () => {
    const { world, root, orphan } = reparented();
    const child = world.processes.fork(orphan, { marker: null });
    const own = world.lease(child);
    world.processes.exit(root);
    expect(world.leasesOf(child)).toEqual([own]);
    const [lease] = world.leasesOf(orphan);
    expect(world.leasesOf(child)).toEqual([own, lease]);
  });
});

describe('the marker only protects', () => {
  test('who only carries it is no member as a sender', () => {
    const { world, root, orphan } = reparented();
    world.leasesOf(orphan);
    const verdict = world.verdict(world.sender(orphan), root);
    expect(verdict).toMatchObject({ allow: false, rule: 'lease' });
  });

  test('a process that descends from a member is one, with or without the marker', () => {
    const { world, root } = reparented();
    const child = world.processes.fork(root, { marker: null });
    expect(world.verdict(world.sender(child), root)).toMatchObject({ allow: true, rule: 'ownTree' });
  });

  test('who is known by descent does not lose that by carrying it', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid, marker: digest });
    const lease = world.lease(root, { markerDigest: digest });
    const child = world.processes.fork(root);
    world.leasesOf(child);
    world.exit(root);
    world.lease(world.processes.fork());
    expect(world.table.membership.coverage(child.pid).asSender).toEqual([lease]);
  });

  test('who is known by the marker alone, and then by descent, is a member from then on, and that is told', () => {
    const { world, root } = reparented();
    const reaper = world.processes.fork(root, { subreaper: true, marker: null });
    const [lease] = world.leasesOf(reaper);
    const stray = world.processes.fork(world.processes.init, { uid, marker: digest });
    expect(world.table.membership.coverage(stray.pid)).toEqual({ leases: [lease], asSender: [] });
    stray.parent = reaper;
    world.joined.length = 0;
    world.lease(world.processes.fork());
    expect(world.table.membership.coverage(stray.pid)).toEqual({ leases: [lease], asSender: [lease] });
    expect(world.joined.map(({ member }) => member.pid)).toContain(stray.pid);
  });

  test('nor past the bound of those who are kept in mind', () => {
    const world = new LeaseWorld({ membersMax: 1 });
    const root = world.processes.fork(world.processes.init, { uid, marker: digest });
    const lease = world.lease(root, { markerDigest: digest });
    const stray = world.processes.fork(world.processes.init, { uid, marker: digest });
    expect(world.table.membership.coverage(stray.pid)).toEqual({ leases: [lease], asSender: [] });
    expect(world.verdict(world.sender(stray), root)).toMatchObject({ allow: false, rule: 'lease' });
  });

  test('a lease that covers by descent and by the marker is named once, past the bound too', () => {
    const { world, root, orphan } = reparented({}, { membersMax: 2 });
    const [lease] = world.leasesOf(orphan);
    const child = world.processes.fork(orphan);
    orphan.parent = root;
    world.register(root, { markerDigest: 'next' });
    expect(world.table.membership.coverage(child.pid)).toEqual({ leases: [lease], asSender: [lease] });
  });

  test('a lease on one process alone covers no other by its marker', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid });
    world.lease(root, { markerDigest: digest, scope: 'process' });
    const carrier = world.processes.fork(world.processes.init, { uid, marker: digest });
    expect(world.leasesOf(carrier)).toEqual([]);
  });

  test('a kernel thread is never looked into', () => {
    const { world } = reparented();
    const thread = world.processes.fork(world.processes.init, { kernelThread: true, uid, marker: digest });
    expect(world.leasesOf(thread)).toEqual([]);
  });
});

describe('a marker names one lease', () => {
  test('another lease with it is refused, and the hold closed', () => {
    const { world } = reparented();
    const other = world.processes.fork();
    expect(() => world.register(other, { markerDigest: digest })).toThrow(/marker/);
    expect(world.processes.openHolds.map((held) => held.process)).not.toContain(other);
  });

  test('new terms with it are refused where another lease has it, and change nothing', () => {
    const { world } = reparented();
    const other = world.processes.fork();
    const lease = world.lease(other);
    const before = lease.terms;
    expect(() => world.register(other, { markerDigest: digest, scope: 'process' })).toThrow(/marker/);
    expect(lease.terms).toBe(before);
  });

  test('it is free again when its lease ends, or takes another', () => {
    const { world, root } = reparented();
    const [lease] = world.leasesOf(root);
    world.register(root, { markerDigest: 'next' });
    const other = world.lease(world.processes.fork(), { markerDigest: digest });
    expect(other.terms.markerDigest).toBe(digest);
    world.table.end(lease!, 'released');
    world.lease(world.processes.fork(), { markerDigest: 'next' });
    expect(world.table.hasMarkers).toBe(true);
  });

  test('and has it from a parent that is gone, by the kernel, is protected, and no member as a sender', () => {
    const { world, root, orphan } = reparented({ marker: null });
    const lease = world.leasesOf(root)[0]!;
    expect(world.leasesOf(orphan)).toEqual([]);
    world.processes.kernelMarks.set(orphan, { lease, carrier: true });
    const { leases, asSender } = world.table.membership.coverage(orphan.pid);
    expect([leases, asSender]).toEqual([[lease], []]);
  });

  test('is a member as a sender where the kernel has it by descent', () => {
    const { world, root, orphan } = reparented({ marker: null });
    const lease = world.leasesOf(root)[0]!;
    world.processes.kernelMarks.set(orphan, { lease, carrier: false });
    expect(world.table.membership.coverage(orphan.pid).asSender).toEqual([lease]);
  });
});
