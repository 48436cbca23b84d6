import type { Member } from '#core/lease.ts';
import type { ProcessIdentity } from '#protocol/identity.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { expiresAt } from './lease-view.ts';
import { clock } from './machine.ts';
import type { Registry } from './registry.ts';
import type { Session } from './session.ts';
import { slowReaderBytes } from './subscriptions.ts';

/** Tells one subscriber what joins and leaves the protected set, the changes of one turn in one notification. */
export class ProtectionFeed {
  readonly #id: string;
  readonly #session: Session;
  readonly #registry: Registry;
  readonly #view: (member: Member) => ProtectedProcess;
  readonly #stop: (() => void)[];
  #added = new Map<number, ProtectedProcess>();
  #removed = new Map<string, ProcessIdentity>();
  #scheduled = false;
  #missed = false;

  constructor(id: string, session: Session, registry: Registry, view: (member: Member) => ProtectedProcess) {
    this.#id = id;
    this.#session = session;
    this.#registry = registry;
    this.#view = view;
    this.#stop = [
      registry.table.protectedSet.listen((change) => {
        if (change.kind === 'added') this.#added.set(change.member.pid, view(change.member));
        else this.#remove(change.member);
        this.#schedule();
      }),
      registry.onExpiring((lease) => {
        const at = expiresAt(lease, clock);
        if (at !== null) session.outlet.notify('lease.expiring', { subscriptionId: id, leaseId: lease.id, expiresAt: at });
      }),
    ];
  }

  #remove(member: Member): void {
    this.#added.delete(member.pid);
    const { identity } = this.#view(member);
    this.#removed.set(`${String(identity.pid)}:${identity.startTicks}`, identity);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#stop.length === 0) return;
    const added = [...this.#added.values()];
    const removed = [...this.#removed.values()];
    this.#added = new Map();
    this.#removed = new Map();
    if (this.#missed) return;
    const { generation } = this.#registry.table.protectedSet;
    if (this.#session.outlet.writableBytes > slowReaderBytes) this.#waitForReader();
    else this.#session.outlet.notify('protection.changed', { subscriptionId: this.#id, generation, added, removed });
  }

  /** The reader is slow: it is told once, when it has caught up, that it must take a new snapshot. */
  #waitForReader(): void {
    this.#missed = true;
    void this.#session.outlet.drained().then(() => {
      this.#missed = false;
      if (this.#stop.length === 0) return;
      const { generation } = this.#registry.table.protectedSet;
      this.#session.outlet.notify('protection.changed', {
        subscriptionId: this.#id,
        generation,
        added: [],
        removed: [],
        missed: true,
      });
    });
  }

  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }
}
