import type { Logger } from 'pino';
import { compareIdentity } from '#core/identity.ts';
import type { Lease, LeaseEnd, Member } from '#core/lease.ts';
import type { ProtectionChange } from '#core/protected-set.ts';
import type { LeaseTableLimits } from '#core/admission.ts';
import { ForkAdmission } from '#core/fork-admission.ts';
import { LeaseTable } from '#core/lease-table.ts';
import { RuleCoverage } from '#core/rules/coverage.ts';
import type { Rule } from '#core/rules/rule.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import type { Pidfd } from '#linux/pidfd.ts';
import { Alarm } from './alarm.ts';
import { newLeaseId } from './lease-id.ts';
import { Leaving } from './leaving.ts';
import { transition } from './lease-events.ts';
import { clock, machine, withMarks, type Held } from './machine.ts';
import { memberExit } from './member-exit.ts';
import { OomWatch } from './oom-watch.ts';
import { processFacts } from './process-facts.ts';
import { Scanner } from './scanner.ts';
import type { KernelMarks } from './sentinel/kernel-marks.ts';
import type { Store } from './store/store.ts';
import { WrapperWatch } from './wrapper-watch.ts';

/** When a look that failed is taken again. */
const retryMs = 1000;

export interface RegistryOptions {
  readonly store: Store;
  readonly watcher: ExitWatcher;
  readonly log: Logger;
  readonly limits: LeaseTableLimits;
  /** Automatic protection rules, in their order. */
  readonly rules: readonly Rule[];
  /** The one uid that is served; undefined: all. */
  readonly servedUid: number | undefined;
  /** Larger than any generation that an earlier server gave. */
  readonly generation: number;
  /** The kernel's marks, where there is a sentinel. */
  readonly kernel?: KernelView | undefined;
}

/** What the registry wants of the sentinel. */
export interface KernelView {
  readonly marks: KernelMarks;
  /** Did an earlier server leave marks in the kernel? Processes may have them that nobody has written down. */
  readonly adopted: boolean;
  /** Resolves when what the kernel saw until now has been taken in. */
  settle(): Promise<void>;
}

/**
 * The lease table of core, alive: exits come from pidfds, deadlines from a timer, and what happens is written down,
 * logged and told.
 */
export class Registry {
  readonly table: LeaseTable;
  readonly rules: RuleCoverage;
  readonly wrappers: WrapperWatch;
  /** Takes in whom the kernel marked at their fork. */
  readonly forks: ForkAdmission;
  readonly #options: RegistryOptions;
  readonly #alarm: Alarm;
  readonly #scanner: Scanner;
  readonly #oomWatch = new OomWatch();
  readonly #leaving: Leaving;
  /** Leases whose end waits for the disk. */
  readonly #unwritten = new Map<string, Lease>();
  readonly #expiringListeners = new Set<(lease: Lease) => void>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.wrappers = new WrapperWatch(options);
    this.#leaving = new Leaving(
      (member, pidfd) => {
        this.#letGo(member, pidfd);
      },
      (error) => {
        options.log.error({ err: error }, 'a process could not be let go');
      },
    );
    const processes = options.kernel === undefined ? machine : withMarks(options.kernel.marks);
    this.table = new LeaseTable({
      table: processes,
      seesForks: options.kernel !== undefined,
      clock,
      limits: options.limits,
      generation: options.generation,
      newLeaseId,
      events: {
        joined: (member, isNew) => {
          this.#joined(member, isNew);
        },
        over: (lease) => {
          this.wrappers.forget(lease);
          options.kernel?.marks.end(lease);
        },
        ended: (lease, end) => {
          this.#ended(lease, end);
        },
        expiring: (lease) => {
          for (const listener of this.#expiringListeners) listener(lease);
        },
        emptied: (lease) => {
          this.#emptied(lease);
        },
      },
    });
    this.table.protectedSet.listen((change) => {
      if (options.kernel === undefined) this.#noteExits(change);
      if (change.kind === 'added') options.kernel?.marks.mark(change.member);
      else {
        options.kernel?.marks.leave(change.member);
        this.#leaving.add(change.member);
        this.#left(change.member);
      }
    });
    this.rules = new RuleCoverage({
      rules: options.rules,
      table: processes,
      steps: this.table.membership.steps,
      facts: processFacts,
      members: this.table.members,
      servedUid: options.servedUid,
      membersMax: options.limits.membersMax,
      joined: (member) => {
        this.#joined(member, true);
      },
      dead: (member) => {
        this.table.exited(member);
      },
    });
    const { members, membership } = this.table;
    this.forks = new ForkAdmission({ table: processes, members, membership, rules: this.rules });
    this.#scanner = new Scanner(this.table, this.rules, processes, (error) => {
      options.log.error({ err: error }, 'the process table could not be looked through');
    });
    this.#alarm = new Alarm(clock, () => {
      this.table.tick();
      this.rearm();
    });
  }

  /** May processes be marked that no earlier server knew of? */
  get kernelRemembers(): boolean {
    return this.#options.kernel?.adopted === true;
  }

  /** A lease that is active, or has ended and is active on the disk still. */
  find(id: string): Lease | undefined {
    return this.table.get(id) ?? this.#unwritten.get(id);
  }

  /** Call after whatever may have brought a deadline nearer. */
  rearm(): void {
    this.#alarm.set(this.table.nextDeadlineMs);
  }

  /** Looks for members that nobody has asked about yet. @returns resolves when a look that began after this call is over */
  scan(): Promise<void> {
    return this.#scanner.scan();
  }

  /** Begins to look for members by itself, now and then. */
  startScanning(): void {
    this.#scanner.start();
  }

  /** Hears of leases of whose `maxMs` a tenth is left. @returns what ends that */
  onExpiring(listener: (lease: Lease) => void): () => void {
    this.#expiringListeners.add(listener);
    return () => {
      this.#expiringListeners.delete(listener);
    };
  }

  /** After a registration: its tree may have members already. */
  treeGrew(): void {
    this.#scanner.soon();
  }

  #joined(member: Member, isNew: boolean): void {
    const { store, watcher } = this.#options;
    if (isNew) {
      watcher.watch(pidfdOf(member), () => {
        this.table.exited(member);
      });
    }
    const { pid, startTicks, pidfdId, leases, markerLeases } = member;
    // Those whom a rule covers are found again by looking.
    if (leases.length === 0) return;
    store.writeLater(
      () => {
        // One that was undone or has ended meanwhile has no members any more.
        const active = leases.filter(({ state }) => state === 'active');
        store.leases.join({ pid, startTicks, pidfdId, leases: active, markerLeases });
      },
      { isNeeded: () => leases.some(({ state }) => state === 'active') },
    );
  }

  /** It may have joined again since: then it has another mark, or the same anew. */
  #letGo(member: Member, pidfd: Pidfd): void {
    const { kernel, watcher } = this.#options;
    const known = this.table.members.known(member.pid);
    const isAgain = known !== undefined && compareIdentity(known, member) === 'same';
    if (!isAgain) kernel?.marks.unmark(pidfd);
    watcher.unwatch(pidfd);
  }

  /** The sentinel tells of exits better; without it, what the pidfd knows is kept. */
  #noteExits({ kind, member }: ProtectionChange): void {
    if (kind === 'added') this.#oomWatch.joined(member);
    if (kind !== 'removed') return;
    const event = memberExit(member, (one) => this.#oomWatch.sawKill(one));
    this.#oomWatch.left(member);
    if (event !== undefined) this.#options.store.recordLater(event);
  }

  /** It has exited, whoever saw that first; where its lease is over, the lease's rows go together. */
  #left(member: Member): void {
    const { store } = this.#options;
    const { leases, pid, startTicks } = member;
    if (leases.length === 0) return;
    const ids = leases.map(({ id }) => id);
    store.writeLater(
      () => {
        store.leases.leave(ids, pid, startTicks);
      },
      { isNeeded: () => leases.some(({ state }) => state === 'active') },
    );
  }

  #emptied(lease: Lease): void {
    this.#lookForOthers().then(
      () => {
        this.table.endIfEmpty(lease);
      },
      (error: unknown) => {
        this.#options.log.error({ err: error, leaseId: lease.id }, 'the last members of a lease could not be looked for');
        setTimeout(() => {
          this.#emptied(lease);
        }, retryMs).unref();
      },
    );
  }

  /** What the kernel told of forks comes first; a marker is then looked for in the whole process table. */
  async #lookForOthers(): Promise<void> {
    await this.#options.kernel?.settle();
    await this.scan();
  }

  /** Resolves when what the kernel saw until now has been taken in. */
  async settle(): Promise<void> {
    await this.#options.kernel?.settle();
  }

  /** After a registration: the kernel is told of the terms. */
  termsChanged(lease: Lease): void {
    this.#options.kernel?.marks.set(lease);
  }

  #ended(lease: Lease, end: LeaseEnd): void {
    const { store, log } = this.#options;
    const { renewedWallMs } = lease;
    const endedWallMs = lease.endedWallMs ?? clock.wallMs();
    // Made now: where the disk is full it is written later, and must still tell of this moment.
    const event = transition(lease, end, null);
    this.#unwritten.set(lease.id, lease);
    store.writeLater(
      () => {
        if (!store.leases.end(lease.id, end, endedWallMs, renewedWallMs)) return;
        store.tellWhenCommitted(store.insertEvent(event));
      },
      { onWritten: () => this.#unwritten.delete(lease.id) },
    );
    log.info({ leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: lease.terms.label, end }, 'lease ended');
  }

  /** Stops timers and looks; what is under way is waited for. */
  async close(): Promise<void> {
    this.#alarm.close();
    this.wrappers[Symbol.dispose]();
    this.#leaving.close();
    this.#oomWatch[Symbol.dispose]();
    await this.#scanner.close();
  }
}

function pidfdOf(member: Member): Held['pidfd'] {
  return (member.held as Held).pidfd;
}
