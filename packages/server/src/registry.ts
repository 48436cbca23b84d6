import type { Logger } from 'pino';
import type { Lease, LeaseEnd, Member } from '#core/lease.ts';
import { LeaseTable, type LeaseTableLimits } from '#core/lease-table.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { Alarm } from './alarm.ts';
import { newLeaseId } from './lease-id.ts';
import { transition } from './lease-events.ts';
import { clock, machine, type Held } from './machine.ts';
import { Scanner } from './scanner.ts';
import type { Store } from './store/store.ts';

export interface RegistryOptions {
  readonly store: Store;
  readonly watcher: ExitWatcher;
  readonly log: Logger;
  readonly limits: LeaseTableLimits;
  /** Larger than any generation that an earlier server gave. */
  readonly generation: number;
}

/**
 * The lease table of core, alive: exits come from pidfds, deadlines from a timer, and what happens is written down,
 * logged and told.
 */
export class Registry {
  readonly table: LeaseTable;
  readonly #options: RegistryOptions;
  readonly #alarm: Alarm;
  readonly #scanner: Scanner;
  readonly #expiringListeners = new Set<(lease: Lease) => void>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.table = new LeaseTable({
      table: machine,
      clock,
      limits: options.limits,
      generation: options.generation,
      newLeaseId,
      events: {
        joined: (member, isNew) => {
          this.#joined(member, isNew);
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
      if (change.kind === 'removed') options.watcher.unwatch(pidfdOf(change.member));
    });
    this.#scanner = new Scanner(this.table, machine);
    this.#alarm = new Alarm(clock, () => {
      this.table.tick();
      this.rearm();
    });
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
        this.#exited(member);
      });
    }
    const { pid, startTicks, pidfdId, leases, markerLeases } = member;
    store.writeLater(() => {
      store.leases.join({ pid, startTicks, pidfdId, leases, markerLeases });
    });
  }

  #exited(member: Member): void {
    const { store } = this.#options;
    const ids = member.leases.map((lease) => lease.id);
    this.table.exited(member);
    store.writeLater(() => {
      store.leases.leave(ids, member.pid, member.startTicks);
    });
  }

  #emptied(lease: Lease): void {
    void this.scan().then(() => {
      this.table.endIfEmpty(lease);
    });
  }

  #ended(lease: Lease, end: LeaseEnd): void {
    const { store, log } = this.#options;
    const { renewedWallMs } = lease;
    const endedWallMs = lease.endedWallMs ?? clock.wallMs();
    store.writeLater(() => {
      store.leases.end(lease.id, end, endedWallMs, renewedWallMs);
      store.tellWhenCommitted(store.insertEvent(transition(lease, end, null)));
    });
    log.info({ leaseId: lease.id, rootPid: lease.rootPid, uid: lease.uid, label: lease.terms.label, end }, 'lease ended');
  }

  /** Stops timers and looks; what is under way is waited for. */
  async close(): Promise<void> {
    this.#alarm.close();
    await this.#scanner.close();
  }
}

function pidfdOf(member: Member): Held['pidfd'] {
  return (member.held as Held).pidfd;
}
