import type { ProcessIdentity } from '#protocol/identity.ts';
import type { NotificationParams } from '#protocol/methods.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import type { Session } from './session.ts';
import { Watch, type WatchHost, type WatchKind } from './watch.ts';

/** Processes joined or left the protected set. */
export interface ProtectionChangedItem {
  readonly kind: 'changed';
  readonly generation: number;
  readonly added: readonly ProtectedProcess[];
  readonly removed: readonly ProcessIdentity[];
}

/** A tenth of a lease's `maxMs` is left. */
export interface LeaseExpiringItem {
  readonly kind: 'expiring';
  readonly leaseId: string;
  readonly expiresAt: string;
}

/** The reader was slow, and changes up to `generation` were not told: take a new snapshot. */
export interface ProtectionMissedItem {
  readonly kind: 'missed';
  readonly generation: number;
}

/** The connection was lost and made again: take a new snapshot, unless `generation` is the one that you have. */
export interface ProtectionGapItem {
  readonly kind: 'gap';
  readonly generation: number;
  readonly cause: Error;
}

export type ProtectionItem = ProtectionChangedItem | LeaseExpiringItem | ProtectionMissedItem | ProtectionGapItem;

/** The subscription to the protected set. */
export class ProtectionWatchKind implements WatchKind<ProtectionItem> {
  /** Of the protected set, as it was told last. */
  generation = 0;

  async subscribe(session: Session, timeoutMs: number): Promise<string> {
    const { subscriptionId, generation } = await session.request('protection.subscribe', {}, timeoutMs);
    this.generation = generation;
    return subscriptionId;
  }

  unsubscribe(session: Session, subscriptionId: string, timeoutMs: number): Promise<unknown> {
    return session.request('protection.unsubscribe', { subscriptionId }, timeoutMs);
  }

  toItem(name: string, params: unknown): ProtectionItem | undefined {
    if (name === 'protection.changed') {
      const { generation, added, removed, missed } = params as NotificationParams<'protection.changed'>;
      this.generation = generation;
      return missed === true ? { kind: 'missed', generation } : { kind: 'changed', generation, added, removed };
    }
    if (name !== 'lease.expiring') return undefined;
    const { leaseId, expiresAt } = params as NotificationParams<'lease.expiring'>;
    return { kind: 'expiring', leaseId, expiresAt };
  }

  toGap(cause: Error): ProtectionItem {
    return { kind: 'gap', generation: this.generation, cause };
  }

  merge(last: ProtectionItem, next: ProtectionItem): ProtectionItem {
    const { generation } = this;
    if (next.kind === 'gap') return next;
    return last.kind === 'gap' ? { ...last, generation } : { kind: 'missed', generation };
  }
}

/** Changes of the protected set, one item each. */
export class ProtectionWatch extends Watch<ProtectionItem> {
  readonly #protection: ProtectionWatchKind;

  constructor(host: WatchHost, kind = new ProtectionWatchKind()) {
    super(kind, host);
    this.#protection = kind;
  }

  /** Of the protected set when it was told last; a snapshot of this generation or later holds what came before. */
  get generation(): number {
    return this.#protection.generation;
  }
}
