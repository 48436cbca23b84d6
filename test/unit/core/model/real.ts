import { vi } from 'vitest';
import { compareIdentity } from '#core/identity.ts';
import { DeadlineQueue } from '#core/deadline-queue.ts';
import { renewDeadline, type Lease, type Member } from '#core/lease.ts';
import type { LeaseTable } from '#core/lease-table.ts';
import { Roster } from '#core/roster.ts';
import type { Sender } from '#core/sender.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import type { FakeHeld, FakeProcess } from '#test/support/core/fake-process.ts';

interface MemberRow {
  readonly leaseId: string;
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfdId: string | undefined;
  readonly byMarker: boolean;
}

export interface Peer {
  readonly process: FakeProcess;
  readonly sender: Sender;
}

/** The table under test, with what the server does around it: rows of members, peers, one who subscribed to the set. */
export class Real {
  readonly world = new LeaseWorld({ leasesPerUidMax: 4 });
  peers: Peer[] = [];
  /** What a subscriber makes of the notices: the innermost lease by pid. */
  subscribed = new Map<number, string>();
  generation = 0;
  #rows = new Map<string, MemberRow>();
  #queue: DeadlineQueue<Lease> | undefined;

  /** Begins with two jobs: a chain of processes under a subreaper, and a pair. */
  constructor() {
    const { processes, clock } = this.world;
    let job = processes.fork(processes.init, { uid: 1000, marker: 'm1', subreaper: true });
    for (let level = 0; level < 3; level += 1) {
      clock.turn(10);
      job = processes.fork(job);
    }
    processes.fork(processes.fork(processes.init, { uid: 1001, marker: 'm2' }));
    this.world.onJoined = (member) => {
      this.#persist(member);
    };
    this.#subscribe();
  }

  get table(): LeaseTable {
    return this.world.table;
  }

  #subscribe(): void {
    this.subscribed = new Map();
    this.table.protectedSet.listen(({ kind, member }) => {
      if (kind === 'added') this.subscribed.set(member.pid, member.leases[0]!.id);
      else this.subscribed.delete(member.pid);
    });
  }

  #persist(member: Member): void {
    const { pid, startTicks, pidfdId } = member;
    for (const { id: leaseId, ...lease } of member.leases) {
      const byMarker = member.markerLeases.some((one) => one.id === leaseId);
      this.#rows.set(`${leaseId} ${String(pid)} ${startTicks}`, { leaseId, pid, startTicks, pidfdId, byMarker });
      if (lease.state !== 'active') throw new Error(`${leaseId} has ended, and got a member`);
    }
  }

  /** The exit watcher tells. Whoever was only found to be gone keeps his row until the lease ends. */
  notice(member: Member): void {
    this.table.exited(member);
    for (const lease of member.leases) this.#rows.delete(`${lease.id} ${String(member.pid)} ${member.startTicks}`);
  }

  /** A lease that had shrunk to its root grows again: by now its rows are of the root alone. */
  forgetRowsBeside(lease: Lease): void {
    for (const [key, row] of this.#rows) {
      if (row.leaseId === lease.id && !(row.pid === lease.rootPid && row.startTicks === lease.rootStartTicks))
        this.#rows.delete(key);
    }
  }

  /** How many entries wait in the queue of deadlines, as soon as it can be known. */
  get queueSize(): number {
    return this.#queue?.size ?? 0;
  }

  /** Runs a step, and sees which queue it fills. */
  watchQueue(step: () => void): void {
    const push = vi.spyOn(DeadlineQueue.prototype, 'push');
    try {
      step();
      this.#queue = (push.mock.contexts[0] as DeadlineQueue<Lease> | undefined) ?? this.#queue;
    } finally {
      push.mockRestore();
    }
  }

  /** The server is killed, and another takes up what was written down, as recovery does. */
  restart(look: () => void): void {
    const { world } = this;
    const rows = [...this.table.values()].toSorted((a, b) => a.depth - b.depth);
    world.processes.abandonHolds();
    this.peers = [];
    this.generation = world.table.protectedSet.generation + 1000;
    world.table = world.makeTable(this.generation);
    this.#queue = undefined;
    this.#subscribe();
    const restored = new Map<string, Lease>();
    for (const row of rows) {
      const lease = this.#read(row, restored.get(row.parent?.id ?? ''));
      const members = [...this.#rows.values()]
        .filter(({ leaseId }) => leaseId === row.id)
        .flatMap((member) => this.#hold(member));
      if (members.length === 0 && lease.terms.markerDigest === null)
        world.ended.push({ lease, end: 'exited', atMs: world.clock.monotonicMs() });
      else {
        world.table.restore(lease, members);
        restored.set(lease.id, lease);
      }
    }
    look();
    for (const lease of restored.values()) world.table.endIfEmpty(lease);
  }

  #read(row: Lease, parent: Lease | undefined): Lease {
    const lease: Lease = {
      ...row,
      parent,
      deadlineMs: Infinity,
      members: new Roster(),
      rootAlive: false,
      warned: false,
      scheduledMs: Infinity,
    };
    renewDeadline(lease, this.world.clock.monotonicMs());
    return lease;
  }

  #hold(row: MemberRow): { held: FakeHeld; byMarker: boolean }[] {
    const held = this.world.processes.hold(row.pid);
    if (held === undefined) return [];
    if (compareIdentity(row, held) === 'same') return [{ held, byMarker: row.byMarker }];
    held.close();
    return [];
  }
}
