import type { Lease, Member } from '#core/lease.ts';
import type { ProcessIdentity } from '#protocol/identity.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { bounds } from '#protocol/bounds.ts';
import { expiresAt } from './lease-view.ts';
import { clock } from './machine.ts';
import type { Registry } from './registry.ts';
import { slowReaderBytes, type Session } from './session.ts';

/** Tells one subscriber what joins and leaves the protected set, the changes of one turn in one notification. */
export class ProtectionFeed {
  readonly #id: string;
  readonly #session: Session;
  readonly #registry: Registry;
  readonly #view: (member: Member) => ProtectedProcess;
  readonly #stop: (() => void)[];
  #added = new Map<string, ProtectedProcess>();
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
        if (change.kind === 'added') this.#add(change.member);
        else this.#remove(change.member);
        this.#schedule();
      }),
      registry.onExpiring((lease) => {
        this.#warn(lease);
      }),
    ];
  }

  #warn(lease: Lease): void {
    const at = expiresAt(lease, clock);
    if (at === null || this.#missed) return;
    if (this.#session.outlet.writableBytes > slowReaderBytes) this.#waitForReader();
    else this.#session.outlet.notify('lease.expiring', { subscriptionId: this.#id, leaseId: lease.id, expiresAt: at });
  }

  /** What left and joined in one turn is told as it ended: no process is in both lists. */
  #add(member: Member): void {
    this.#removed.delete(keyOf(member));
    this.#added.set(keyOf(member), this.#view(member));
  }

  #remove(member: Member): void {
    this.#added.delete(keyOf(member));
    this.#removed.set(keyOf(member), this.#view(member).identity);
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
    else this.#tell(generation, added, removed);
  }

  /** A tree of thousands that ends at once is told in parts that fit a frame each. */
  #tell(generation: number, added: readonly ProtectedProcess[], removed: readonly ProcessIdentity[]): void {
    for (let from = 0; from < Math.max(added.length, removed.length); from += bounds.pageRowsMax) {
      const to = from + bounds.pageRowsMax;
      const part = { added: added.slice(from, to), removed: removed.slice(from, to) };
      this.#session.outlet.notify('protection.changed', { subscriptionId: this.#id, generation, ...part });
    }
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

/** Both parts: with a pid that is used again, one process leaves and another joins. */
function keyOf({ pid, startTicks, pidfdId }: Member): string {
  return `${String(pid)}:${startTicks}:${pidfdId ?? ''}`;
}
