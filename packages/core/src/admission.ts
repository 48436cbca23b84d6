import { isRoot, type Lease, type LeaseTerms } from './lease.ts';
import type { LeaseIndex } from './lease-index.ts';
import type { Members } from './members.ts';
import { leasesPerProcessMax, type MembershipLimits } from './membership.ts';
import type { HeldProcess } from './ports.ts';
import { Refusal } from './refusal.ts';

export interface LeaseTableLimits extends MembershipLimits {
  readonly leasesPerUidMax: number;
  readonly depthMax: number;
}

/** Who may have a lease on what: the bounds of the table, and whose the process is already. */
export class Admission {
  readonly #index: LeaseIndex;
  readonly #members: Members;
  readonly #limits: LeaseTableLimits;

  constructor(index: LeaseIndex, members: Members, limits: LeaseTableLimits) {
    this.#index = index;
    this.#members = members;
    this.#limits = limits;
  }

  /**
   * @param uid who asks
   * @param around leases that cover the process, innermost first
   * @returns the lease that the owner has on it; undefined where there is none, and room for one
   * @throws Refusal processNotFound, leaseHeldByOther, limitReached, invalidParams
   */
  check(uid: number, root: HeldProcess, terms: LeaseTerms, around: readonly Lease[]): Lease | undefined {
    if (!root.alive()) throw new Refusal('processNotFound', `pid ${String(root.pid)} has just exited`);
    const own = around.find((lease) => isRoot(lease, root));
    if (own === undefined) {
      this.#checkRoom(uid, around);
      this.#checkMembers(root);
    } else if (own.uid !== uid) {
      throw new Refusal('leaseHeldByOther', `pid ${String(root.pid)} is registered by uid ${String(own.uid)}`);
    }
    this.#index.checkMarker(terms.markerDigest, own);
    return own;
  }

  #checkRoom(uid: number, around: readonly Lease[]): void {
    const { leasesPerUidMax, depthMax } = this.#limits;
    if (this.#index.countOf(uid) >= leasesPerUidMax) {
      const words = `uid ${String(uid)} has ${String(leasesPerUidMax)} active leases, the most that the server grants`;
      throw new Refusal('limitReached', words, { limit: 'leasesPerUidMax' });
    }
    if ((around[0]?.depth ?? 0) >= depthMax) {
      throw new Refusal('limitReached', `leases nest at most ${String(depthMax)} deep`, { limit: 'depthMax' });
    }
    if (around.length < leasesPerProcessMax) return;
    throw new Refusal('limitReached', `${String(leasesPerProcessMax)} leases cover the process, the most that can`, {
      limit: 'leasesPerProcessMax',
    });
  }

  #checkMembers(root: HeldProcess): void {
    const { membersMax } = this.#limits;
    if (this.#members.size < membersMax || this.#members.known(root.pid) !== undefined) return;
    throw new Refusal('limitReached', `the server watches ${String(membersMax)} processes, the most that it can`, {
      limit: 'membersMax',
    });
  }
}
