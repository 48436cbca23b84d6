import type { Lease, LeaseEnd, LeaseTerms, Member } from '#core/lease.ts';
import type { LeaseTableLimits } from '#core/admission.ts';
import { LeaseTable, type Registration } from '#core/lease-table.ts';
import { Sender } from '#core/sender.ts';
import type { IdentityParts } from '#core/identity.ts';
import { judge } from '#core/verdict.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { FakeHeld, FakeProcess } from './fake-process.ts';
import { FakeProcesses } from './fake-processes.ts';
import { terms } from './terms.ts';
import { TurnedClock } from './turned-clock.ts';

const roomy: LeaseTableLimits = { leasesPerUidMax: 1000, depthMax: 4, membersMax: 1000, membersPerLeaseMax: 1000 };

/** A lease table in a world that a test plays: its processes, its clock, and what the table told. */
export class LeaseWorld {
  readonly clock = new TurnedClock();
  readonly processes = new FakeProcesses(this.clock);
  readonly limits: LeaseTableLimits;
  readonly bootId = 'boot';
  readonly ownPid = 50;
  servedUid: number | undefined;
  /** Whether the kernel tells of forks; for the tables that are made from then on. */
  seesForks = false;
  table: LeaseTable;
  /** Every lease that the table ended by itself, with the moment. */
  readonly ended: { readonly lease: Lease; readonly end: LeaseEnd; readonly atMs: number }[] = [];
  readonly expiring: Lease[] = [];
  readonly emptied: Lease[] = [];
  readonly joined: { readonly member: Member; readonly isNew: boolean }[] = [];
  /** Called for each `joined`, as the server's own listener is. */
  onJoined: ((member: Member, isNew: boolean) => void) | undefined;
  #leases = 0;

  constructor(limits: Partial<LeaseTableLimits> = {}) {
    this.limits = { ...roomy, ...limits };
    this.table = this.makeTable(0);
    this.processes.fork(this.processes.init, { pid: this.ownPid });
  }

  makeTable(generation: number): LeaseTable {
    return new LeaseTable({
      table: this.processes,
      clock: this.clock,
      limits: this.limits,
      seesForks: this.seesForks,
      generation,
      newLeaseId: () => `ls-${String((this.#leases += 1))}`,
      events: {
        joined: (member, isNew) => {
          this.joined.push({ member, isNew });
          this.onJoined?.(member, isNew);
        },
        ended: (lease, end) => {
          this.ended.push({ lease, end, atMs: this.clock.monotonicMs() });
        },
        expiring: (lease) => {
          this.expiring.push(lease);
        },
        emptied: (lease) => {
          this.emptied.push(lease);
        },
      },
    });
  }

  /** Holds a process that lives. */
  hold(process: FakeProcess): FakeHeld {
    const held = this.processes.hold(process.pid);
    if (held?.process !== process) throw new Error(`pid ${String(process.pid)} has exited`);
    return held;
  }

  /** Registers, with everything as by default but for these terms. */
  register(process: FakeProcess, some: Partial<LeaseTerms> = {}, uid = process.uid): Registration {
    return this.table.register(uid, this.hold(process), terms(some));
  }

  lease(process: FakeProcess, some: Partial<LeaseTerms> = {}, uid = process.uid): Lease {
    return this.register(process, some, uid).lease;
  }

  /** A peer that connected as this process. */
  sender(process: FakeProcess | undefined): Sender {
    return new Sender(process === undefined ? undefined : this.hold(process));
  }

  verdict(sender: Sender, target: FakeProcess | IdentityParts, signal = 9): Verdict {
    const claim = 'forkedBy' in target ? { pid: target.pid } : target;
    const { table, processes, bootId, ownPid, servedUid } = this;
    const view = { table: processes, members: table.members, membership: table.membership, bootId, ownPid, servedUid };
    return judge(view, sender, claim, signal);
  }

  /** The leases that cover a process, innermost first. */
  leasesOf(process: FakeProcess): readonly Lease[] {
    return this.table.membership.coverage(process.pid).leases;
  }

  /** The processes that a lease is known to cover. */
  membersOf(lease: Lease): FakeProcess[] {
    return lease.members.items().map((member) => (member.held as FakeHeld).process);
  }

  /** Ends a process, and has the table hear of it as from the exit watcher. */
  exit(process: FakeProcess): void {
    const member = this.table.members.known(process.pid);
    this.processes.exit(process);
    if ((member?.held as FakeHeld | undefined)?.process === process) this.table.exited(member!);
  }

  /** Lets time pass as the server's alarm does: it rings at each deadline. */
  pass(forMs: number): void {
    const untilMs = this.clock.monotonicMs() + forMs;
    while (this.table.nextDeadlineMs <= untilMs) {
      this.clock.turnTo(this.table.nextDeadlineMs);
      this.table.tick();
    }
    this.clock.turnTo(untilMs);
  }
}
