import { describe, expect, test } from 'vitest';
import { ForkAdmission } from '#core/fork-admission.ts';
import type { Lease } from '#core/lease.ts';
import { RuleCoverage } from '#core/rules/coverage.ts';
import { compileRule } from '#core/rules/rule.ts';
import type { FakeProcess, ProcessOptions } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

const uid = 1000;
const python = 1;
const shell = 2;

/** A world whose kernel marks what marked processes fork, and tells of it. */
class ForkWorld {
  readonly world: LeaseWorld;
  readonly rules: RuleCoverage;
  readonly admission: ForkAdmission;
  readonly endTurn: () => void;
  /** Whose files were read for the rules. */
  readonly read: number[] = [];

  constructor(membersMax = 1000) {
    this.world = new LeaseWorld({ membersMax });
    const { table, processes } = this.world;
    this.endTurn = processes.takeTurns();
    this.rules = new RuleCoverage({
      rules: [compileRule({ name: 'train', job: '^train' }, 'configuration')],
      table: processes,
      steps: table.membership.steps,
      facts: (pid) => {
        this.read.push(pid);
        const args = processes.at(pid)?.image === python ? ['train'] : ['sh'];
        const none = (): undefined => undefined;
        return { args: () => args, comm: none, exe: none, cgroup: none, uid: () => uid, environment: none };
      },
      members: table.members,
      servedUid: undefined,
      membersMax,
      joined: (member) => {
        this.world.onJoined?.(member, true);
      },
      dead: (member) => {
        table.exited(member);
      },
    });
    const { members, membership } = table;
    this.admission = new ForkAdmission({ table: processes, members, membership, rules: this.rules });
  }

  start(image: number, options: ProcessOptions = {}): FakeProcess {
    return this.world.processes.fork(this.world.processes.init, { uid, image, ...options });
  }

  /** A child that its parent's mark came to. */
  fork(parent: FakeProcess, mark?: { readonly lease: Lease; readonly carrier?: boolean }): FakeProcess {
    const child = this.world.processes.fork(parent);
    if (mark !== undefined) this.world.processes.kernelMarks.set(child, { carrier: false, ...mark });
    return child;
  }

  /** The kernel's word of a fork has come. */
  admit(child: FakeProcess, startTicks = child.startTicks): void {
    this.admission.admit({ pid: child.pid, startTicks, parentPid: child.forkedBy?.pid ?? 0 });
  }

  memberOf(process: FakeProcess): { readonly leases: readonly Lease[]; readonly rule: string | undefined } | undefined {
    const member = this.world.table.members.known(process.pid);
    return member && { leases: member.leases, rule: member.cover?.rule.name };
  }
}

describe('a process that the kernel says was forked in a tree', () => {
  test('is a member of the leases of its parent', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const child = forks.fork(root, { lease });
    forks.admit(child);
    expect(forks.memberOf(child)).toEqual({ leases: [lease], rule: undefined });
    expect(forks.world.joined.map(({ member }) => member.pid)).toEqual([root.pid, child.pid]);
  });

  test('is one by its mark alone, where its parent is gone', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const middle = forks.fork(root, { lease });
    const child = forks.fork(middle, { lease });
    forks.world.exit(middle);
    forks.admit(child);
    expect(forks.memberOf(child)?.leases).toEqual([lease]);
  });

  test('and is gone by now is none, nor is whoever has its pid', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const gone = forks.fork(root, { lease });
    const { startTicks } = gone;
    forks.world.exit(gone);
    forks.admit(gone);
    forks.world.clock.turn(50);
    const other = forks.world.processes.fork(forks.world.processes.init, { pid: gone.pid, uid });
    forks.admit(other, startTicks);
    expect(forks.memberOf(other)).toBeUndefined();
    expect(forks.world.processes.openHolds).toHaveLength(1);
  });

  test('in a tree whose lease is over is none', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const child = forks.fork(root);
    forks.world.table.end(lease, 'released');
    forks.admit(child);
    expect(forks.memberOf(child)).toBeUndefined();
    expect(forks.world.processes.openHolds).toEqual([]);
  });

  test('past the bound is protected, and not kept in mind', () => {
    const forks = new ForkWorld(2);
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const [first, second] = [forks.fork(root, { lease }), forks.fork(root, { lease })];
    forks.admit(first);
    forks.admit(second);
    expect([forks.memberOf(first)?.leases, forks.memberOf(second)]).toEqual([[lease], undefined]);
    expect(forks.world.leasesOf(second)).toEqual([lease]);
    forks.endTurn();
    expect(forks.world.processes.openHolds).toHaveLength(2);
  });

  test('that cannot be watched is not kept, and the failure is told', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const child = forks.fork(root, { lease });
    forks.world.onJoined = () => {
      throw new Error('no room');
    };
    expect(() => {
      forks.admit(child);
    }).toThrow('no room');
    expect(forks.memberOf(child)).toBeUndefined();
    expect(forks.world.processes.openHolds).toHaveLength(1);
  });
});

describe('a thousand forks of one parent', () => {
  test('cost no read of /proc each, nor a look at what they run', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root, { markerDigest: 'm' });
    const children = Array.from({ length: 900 }, () => forks.fork(root, { lease }));
    const { entriesRead, markersRead } = forks.world.processes;
    for (const child of children) forks.admit(child);
    expect(lease.members.size).toBe(901);
    expect(forks.world.processes.entriesRead - entriesRead).toBeLessThan(20);
    expect(forks.world.processes.markersRead - markersRead).toBe(0);
    expect(forks.read).toEqual([root.pid]);
  });

  test('and of one that a rule covers are covered as it is', () => {
    const forks = new ForkWorld();
    const root = forks.start(python);
    expect(forks.rules.of(root.pid)?.rule.name).toBe('train');
    const children = Array.from({ length: 100 }, () => forks.fork(root));
    for (const child of children) forks.admit(child);
    expect(new Set(children.map((child) => forks.memberOf(child)?.rule))).toEqual(new Set(['train']));
    expect(new Set(forks.read)).toEqual(new Set([root.pid]));
  });

  test('who has called exec since is looked at by itself', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    const [like, unlike] = [forks.fork(root, { lease }), forks.fork(root, { lease })];
    unlike.image = python;
    for (const child of [like, unlike]) forks.admit(child);
    expect(forks.memberOf(like)).toEqual({ leases: [lease], rule: undefined });
    expect(forks.memberOf(unlike)).toEqual({ leases: [lease], rule: 'train' });
  });

  test('what was known of a parent is forgotten with the turn', () => {
    const forks = new ForkWorld();
    const root = forks.start(shell);
    const lease = forks.world.lease(root);
    forks.admit(forks.fork(root, { lease }));
    forks.endTurn();
    root.image = python;
    const later = forks.fork(root, { lease });
    forks.admit(later);
    expect(forks.memberOf(later)?.rule).toBe('train');
  });
});

test('the secret of another lease counts for who has called exec with it', () => {
  const forks = new ForkWorld();
  const { world } = forks;
  const marked = forks.start(shell);
  const other = world.lease(marked, { markerDigest: 'm' });
  const root = forks.start(shell);
  const lease = world.lease(root);
  const child = world.processes.fork(root, { marker: 'm' });
  world.processes.kernelMarks.set(child, { lease, carrier: false });
  // It has called exec, with another environment.
  child.image = python;
  forks.admit(child);
  expect(forks.memberOf(child)?.leases).toEqual([lease, other]);
});
