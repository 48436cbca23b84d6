import type { Lease } from './lease.ts';
import { Refusal } from './refusal.ts';

/** Active leases by id, by marker, and counted by owner. */
export class LeaseIndex {
  readonly #byId = new Map<string, Lease>();
  readonly #byMarker = new Map<string, Lease>();
  readonly #countByUid = new Map<number, number>();

  get size(): number {
    return this.#byId.size;
  }

  /** Live view, for the membership rule. */
  get markers(): ReadonlyMap<string, Lease> {
    return this.#byMarker;
  }

  get(id: string): Lease | undefined {
    return this.#byId.get(id);
  }

  values(): IterableIterator<Lease> {
    return this.#byId.values();
  }

  /** How many active leases a uid has. */
  countOf(uid: number): number {
    return this.#countByUid.get(uid) ?? 0;
  }

  add(lease: Lease): void {
    this.#byId.set(lease.id, lease);
    this.#countByUid.set(lease.uid, this.countOf(lease.uid) + 1);
    if (lease.terms.markerDigest !== null) this.#byMarker.set(lease.terms.markerDigest, lease);
  }

  delete(lease: Lease): void {
    if (!this.#byId.delete(lease.id)) return;
    const count = this.countOf(lease.uid) - 1;
    if (count === 0) this.#countByUid.delete(lease.uid);
    else this.#countByUid.set(lease.uid, count);
    this.#freeMarker(lease);
  }

  /**
   * A marker names one lease.
   *
   * @param except the lease that may have it already
   * @throws Refusal invalidParams
   */
  checkMarker(digest: string | null, except?: Lease): void {
    const holder = digest === null ? undefined : this.#byMarker.get(digest);
    if (holder === undefined || holder === except) return;
    throw new Refusal('invalidParams', 'marker is in use by another lease: a marker is random and names one lease');
  }

  /** Call before the lease's terms change. A marker that another lease took meanwhile stays with that one. */
  moveMarker(lease: Lease, digest: string | null): void {
    this.#freeMarker(lease);
    if (digest !== null && !this.#byMarker.has(digest)) this.#byMarker.set(digest, lease);
  }

  #freeMarker(lease: Lease): void {
    const digest = lease.terms.markerDigest;
    if (digest !== null && this.#byMarker.get(digest) === lease) this.#byMarker.delete(digest);
  }
}
