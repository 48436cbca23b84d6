import { describe, expect, test } from 'vitest';
import type { Sender } from '#core/sender.ts';
import { signalSet } from '#core/signal-set.ts';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

const KILL = 9;
const CONT = 18;
const USR1 = 10;

interface Scene {
  readonly world: LeaseWorld;
  readonly stranger: Sender;
  readonly member: Sender;
  readonly root: FakeProcess;
  readonly child: FakeProcess;
  readonly bare: FakeProcess;
}

/** A job of uid 1000 under a lease, and beside it a process that nothing protects. */
function scene(): Scene {
  const world = new LeaseWorld();
  const root = world.processes.fork(world.processes.init, { uid: 1000 });
  const child = world.processes.fork(root);
  const bare = world.processes.fork(world.processes.init, { uid: 1000 });
  world.lease(root);
  const stranger = world.sender(world.processes.fork(world.processes.init, { uid: 1000 }));
  return { world, root, child, bare, stranger, member: world.sender(world.processes.fork(root)) };
}

describe('each rule comes before those after it', () => {
  test('1: no such process, whatever else is claimed', () => {
    const { world, stranger } = scene();
    for (const signal of [0, KILL]) {
      expect(world.verdict(stranger, { pid: 4711, startTicks: '1' }, signal)).toMatchObject({
        pid: 4711,
        signal,
        allow: false,
        rule: 'processNotFound',
      });
    }
  });

  test('1: a member that is gone, and nobody has its pid', () => {
    const { world, stranger, root } = scene();
    world.processes.exit(root);
    expect(world.verdict(stranger, root)).toMatchObject({ allow: false, rule: 'processNotFound' });
  });

  test.each<[string, (process: FakeProcess) => { startTicks?: string; bootId?: string; pidfdId?: string }]>([
    ['another start time', () => ({ startTicks: '1' })],
    ['another boot', () => ({ bootId: 'earlier' })],
    ['another pidfd id', () => ({ pidfdId: '999' })],
    ['another pidfd id, the start time being right', (process) => ({ startTicks: process.startTicks, pidfdId: '999' })],
  ])('1: %s is another process, be it a member, init or nobody; signal 0 too', (_, claim) => {
    const { world, stranger, root, child, bare } = scene();
    for (const process of [root, child, bare, world.processes.init]) {
      for (const signal of [0, KILL]) {
        const verdict = world.verdict(stranger, { pid: process.pid, ...claim(process) }, signal);
        expect(verdict).toMatchObject({ allow: false, rule: 'identityMismatch' });
      }
    }
    expect(world.processes.closedTwice).toEqual([]);
  });

  test('1: a claim that fits passes, and so does one that cannot be compared: unknown is not another', () => {
    const { world, stranger, root, bare } = scene();
    for (const process of [root, bare]) {
      const { pid, startTicks } = process;
      const rule = process === root ? 'lease' : 'unprotected';
      const whole = { pid, startTicks, bootId: world.bootId, pidfdId: String(process.serial) };
      expect(world.verdict(stranger, whole).rule).toBe(rule);
    }
    world.processes.pidfdInodes = false;
    const late = world.processes.fork();
    expect(world.verdict(stranger, { pid: late.pid, pidfdId: '999' }).rule).toBe('unprotected');
  });

  test('2: init, kernel threads and omnid, for everybody and with every signal', () => {
    const { world, stranger } = scene();
    world.servedUid = 1000;
    const thread = world.processes.fork(world.processes.init, { kernelThread: true });
    for (const pid of [1, thread.pid, world.ownPid]) {
      for (const signal of [0, CONT, KILL]) {
        expect(world.verdict(stranger, { pid }, signal)).toMatchObject({ allow: false, rule: 'systemProcess' });
      }
    }
  });

  test("2: omnid is left alone even where it stands in a job's tree", () => {
    const world = new LeaseWorld();
    world.lease(world.processes.init, {}, 0);
    expect(world.verdict(world.sender(world.processes.fork()), { pid: world.ownPid })).toMatchObject({ rule: 'systemProcess' });
  });

  test("3: another user's process, asked of a user's server, with signal 0 too", () => {
    const { world, stranger } = scene();
    world.servedUid = 1000;
    const foreign = world.processes.fork(world.processes.init, { uid: 1001, effectiveUid: 1000, savedUid: 1000 });
    for (const signal of [0, KILL])
      expect(world.verdict(stranger, foreign, signal)).toMatchObject({ allow: false, rule: 'outsideScope' });
  });

  test('3: the served user is inside, and a system server serves all', () => {
    const { world, stranger, bare } = scene();
    world.servedUid = 1000;
    expect(world.verdict(stranger, bare).rule).toBe('unprotected');
    world.servedUid = undefined;
    expect(world.verdict(stranger, world.processes.fork(world.processes.init, { uid: 1001 })).rule).toBe('unprotected');
  });

  test('4: the null signal, CHLD, CONT, URG and WINCH pass, protected or not', () => {
    const { world, stranger, root, bare } = scene();
    for (const process of [root, bare]) {
      for (const signal of [0, 17, CONT, 23, 28]) {
        expect(world.verdict(stranger, process, signal)).toMatchObject({ allow: true, rule: 'harmlessSignal' });
      }
    }
  });

  test('4: even where the lease forbids them by name', () => {
    const { world, stranger, root } = scene();
    world.register(root, { forbidden: signalSet([CONT]) });
    expect(world.verdict(stranger, root, CONT)).toMatchObject({ allow: true, rule: 'harmlessSignal' });
  });

  test('5: the process itself, and every member of a lease that covers it', () => {
    const { world, root, child, bare, member } = scene();
    for (const process of [root, child]) expect(world.verdict(member, process)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(world.verdict(world.sender(child), root)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(world.verdict(world.sender(bare), bare)).toMatchObject({ allow: true, rule: 'ownTree' });
  });

  test('5: a member of an inner lease ends what the outer one covers; a member of the outer one what the inner covers', () => {
    const { world, root, child } = scene();
    world.lease(child);
    expect(world.verdict(world.sender(child), root)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(world.verdict(world.sender(root), world.processes.fork(child))).toMatchObject({ allow: true, rule: 'ownTree' });
  });

  test('5: a member of another job is a stranger here', () => {
    const { world, root, bare } = scene();
    world.lease(bare);
    expect(world.verdict(world.sender(bare), root)).toMatchObject({ allow: false, rule: 'lease' });
  });

  test('6: what any lease forbids, by the innermost that does', () => {
    const { world, stranger, root, child } = scene();
    const [outer] = world.leasesOf(root);
    const inner = world.lease(child, { forbidden: signalSet([USR1]) });
    expect(world.verdict(stranger, child, USR1)).toMatchObject({ allow: false, rule: 'lease', leaseId: inner.id });
    expect(world.verdict(stranger, child, KILL)).toMatchObject({ allow: false, rule: 'lease', leaseId: outer!.id });
    world.register(child);
    expect(world.verdict(stranger, child, KILL)).toMatchObject({ leaseId: inner.id });
  });

  test('6: by default HUP, INT, QUIT, ABRT, KILL, TERM and STOP', () => {
    const { world, stranger, child } = scene();
    const denied = Array.from({ length: 65 }, (_, signal) => signal).filter(
      (signal) => !world.verdict(stranger, child, signal).allow,
    );
    expect(denied).toEqual([1, 2, 3, 6, 9, 15, 19]);
  });

  test('8: else it is allowed, and the reason says why', () => {
    const { world, stranger, root, bare } = scene();
    expect(world.verdict(stranger, bare)).toMatchObject({
      allow: true,
      rule: 'unprotected',
      reason: 'nothing protects the process',
    });
    expect(world.verdict(stranger, root, USR1)).toMatchObject({
      allow: true,
      rule: 'unprotected',
      reason: 'no lease forbids the signal',
    });
  });
});

test('only a lease denial names a lease', () => {
  const { world, stranger, root, member } = scene();
  expect(world.verdict(stranger, root)).toHaveProperty('leaseId');
  for (const verdict of [
    world.verdict(member, root),
    world.verdict(stranger, root, CONT),
    world.verdict(stranger, { pid: 1 }),
  ]) {
    expect(verdict).not.toHaveProperty('leaseId');
  }
});

test('who got the pid of a dead member is judged for itself, by the bare pid; and is another by the old identity', () => {
  const { world, stranger, child } = scene();
  const claim = { pid: child.pid, startTicks: child.startTicks, pidfdId: String(child.serial) };
  expect(world.verdict(stranger, claim).rule).toBe('lease');
  world.processes.exit(child);
  world.processes.fork(world.processes.init, { pid: child.pid, startTicks: Number(child.startTicks), uid: 1000 });
  expect(world.verdict(stranger, { pid: child.pid }).rule).toBe('unprotected');
  expect(world.verdict(stranger, claim).rule).toBe('identityMismatch');
});
