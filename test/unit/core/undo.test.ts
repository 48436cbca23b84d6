import { describe, expect, test } from 'vitest';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import { heartbeat } from '#test/support/core/terms.ts';

describe('undoing a new lease', () => {
  test('lets go of its members, and tells nobody', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const { lease, undo } = world.register(root, { markerDigest: 'm' });
    world.leasesOf(child);
    undo();
    expect(lease.state).toBe('revoked');
    expect(world.table.size).toBe(0);
    expect(world.table.members.size).toBe(0);
    expect(world.table.hasMarkers).toBe(false);
    expect(world.processes.openHolds).toEqual([]);
    expect(world.ended).toEqual([]);
  });

  test('leaves the lease around it as it was', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const outer = world.lease(root);
    world.register(child).undo();
    expect(world.leasesOf(child)).toEqual([outer]);
    expect(world.table.members.size).toBe(2);
  });

  test('gives the place back that it took of the uid', () => {
    const world = new LeaseWorld({ leasesPerUidMax: 1 });
    const root = world.processes.fork();
    world.register(root).undo();
    expect(world.lease(root).state).toBe('active');
  });

  test('that has ended meanwhile does nothing', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const { lease, undo } = world.register(root);
    world.exit(root);
    undo();
    expect(lease.state).toBe('exited');
    expect(world.ended).toHaveLength(1);
    expect(world.processes.closedTwice).toEqual([]);
  });
});

describe('undoing new terms', () => {
  test('gives back the old ones, with their deadlines and the moment of the last renewal', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const lease = world.lease(root, { ...heartbeat(5000), maxMs: 50_000, markerDigest: 'old' });
    world.clock.turn(46_000);
    world.table.renew(lease);
    world.clock.turn(500);
    world.table.tick();
    const { terms, deadlineMs, maxDeadlineMs, warned, renewedWallMs } = lease;
    expect(warned).toBe(true);
    world.clock.turn(1000);
    world.register(root, { markerDigest: 'new' }).undo();
    expect(lease).toMatchObject({ terms, deadlineMs, maxDeadlineMs, warned, renewedWallMs });
    world.pass(3_600);
    expect(world.ended.map(({ lease: ended, end }) => [ended, end])).toEqual([[lease, 'expired']]);
    expect(world.lease(world.processes.fork(), { markerDigest: 'old' }).state).toBe('active');
    expect(world.lease(world.processes.fork(), { markerDigest: 'new' }).state).toBe('active');
  });

  test('keeps a heartbeat that came meanwhile', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const lease = world.lease(root, heartbeat(1000));
    world.clock.turn(900);
    const { undo } = world.register(root, heartbeat(700));
    world.clock.turn(500);
    world.table.renew(lease);
    world.clock.turn(100);
    undo();
    expect(lease.terms.ttlMs).toBe(1000);
    expect(lease.renewedWallMs).toBe(world.clock.wallMs() - 100);
    const beforeUndoMs = world.clock.monotonicMs();
    expect(lease.deadlineMs).toBeGreaterThanOrEqual(beforeUndoMs - 100 + 1000);
    expect(lease.deadlineMs).toBeLessThanOrEqual(beforeUndoMs + 1000);
  });

  test('takes the members back that a smaller scope had let go, re-parented ones too', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const middle = world.processes.fork(root);
    const orphan = world.processes.fork(middle);
    const gone = world.processes.fork(root);
    const lease = world.lease(root);
    for (const process of [middle, orphan, gone]) world.leasesOf(process);
    world.exit(middle);
    const { undo } = world.register(root, { scope: 'process' });
    expect(world.membersOf(lease)).toEqual([root]);
    world.processes.exit(gone);
    world.processes.fork(world.processes.init, { pid: gone.pid, startTicks: Number(gone.startTicks) });
    undo();
    expect(new Set(world.membersOf(lease))).toEqual(new Set([root, orphan]));
    expect(world.leasesOf(orphan)).toEqual([lease]);
    expect(world.processes.openHolds).toHaveLength(2);
    expect(world.joined.at(-1)).toMatchObject({ isNew: true, member: { pid: orphan.pid } });
  });

  test('takes back as marked who was marked, and as inner what was inner', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork(world.processes.init, { uid: 7 });
    const lease = world.lease(root, { markerDigest: 'm' });
    world.clock.turn(50);
    const stray = world.processes.fork(world.processes.init, { uid: 7, marker: 'm' });
    const child = world.processes.fork(root);
    const inner = world.lease(child);
    world.leasesOf(stray);
    world.register(root, { scope: 'process', markerDigest: 'm' }).undo();
    expect(world.table.membership.coverage(stray.pid)).toEqual({ leases: [lease], asSender: [] });
    expect(world.table.membership.coverage(child.pid)).toEqual({ leases: [inner, lease], asSender: [inner, lease] });
  });

  test('leaves newer ones as they are', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const lease = world.lease(root, { label: 'old' });
    const { undo } = world.register(root, { label: 'first' });
    world.register(root, { label: 'second' });
    undo();
    expect(lease.terms.label).toBe('second');
  });

  test.each([
    ['in their order', [0, 1, 2]],
    ['the last first', [2, 1, 0]],
  ])('one after another, %s, gives back those of before all', (_, order) => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const orphan = world.processes.fork(world.processes.fork(root));
    const lease = world.lease(root, { label: 'old', maxMs: 5000 });
    world.leasesOf(orphan);
    world.exit(orphan.parent!);
    const { terms, maxDeadlineMs } = lease;
    world.clock.turn(10);
    const undos = ['first', 'second', 'third'].map((label) => world.register(root, { label, scope: 'process' }).undo);
    for (const index of order) undos[index]!();
    expect(lease).toMatchObject({ terms, maxDeadlineMs, renewedWallMs: null });
    expect(world.leasesOf(orphan)).toEqual([lease]);
  });

  test('takes back as outer what was outer, where the roots started in one clock tick', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const outer = world.lease(root);
    const inner = world.lease(child);
    world.register(root, { scope: 'process' }).undo();
    expect(world.table.members.known(child.pid)?.leases).toEqual([inner, outer]);
  });

  test('of a larger scope lets go of who joined by it', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    const child = world.processes.fork(root);
    const lease = world.lease(root, { scope: 'process' });
    const { undo } = world.register(root);
    expect(world.leasesOf(child)).toEqual([lease]);
    undo();
    expect(world.leasesOf(child)).toEqual([]);
    expect(world.processes.openHolds).toHaveLength(1);
  });

  test('that has ended meanwhile does nothing', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.lease(root, { label: 'old' });
    const { lease, undo } = world.register(root, { label: 'new' });
    world.exit(root);
    undo();
    expect(lease).toMatchObject({ state: 'exited', terms: { label: 'new' } });
  });

  test('does not take a marker from the lease that has it now', () => {
    const world = new LeaseWorld();
    const root = world.processes.fork();
    world.lease(root, { markerDigest: 'm' });
    const { undo } = world.register(root);
    const holder = world.lease(world.processes.fork(world.processes.init, { uid: 7 }), { markerDigest: 'm' });
    undo();
    world.clock.turn(50);
    const carrier = world.processes.fork(world.processes.init, { uid: 7, marker: 'm' });
    expect(world.leasesOf(carrier)).toEqual([holder]);
    world.exit(root);
    world.table.endIfEmpty(world.emptied[0]!);
    expect(world.leasesOf(world.processes.fork(world.processes.init, { uid: 7, marker: 'm' }))).toEqual([holder]);
  });
});
