import { compareIdentity } from './identity.ts';
import { isRoot, renewDeadline, startDeadlines, type Lease, type LeaseTerms, type Member } from './lease.ts';
import type { LeaseIndex } from './lease-index.ts';
import { provenOf, type Members } from './members.ts';
import type { Membership } from './membership.ts';
import type { Clock, HeldProcess, ProcessTable } from './ports.ts';
import { changeable, TermsChange, type Left } from './terms-change.ts';

export interface TermsSetterOptions {
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly index: LeaseIndex;
  readonly members: Members;
  readonly membership: Membership;
  /** Notes that leases cover a process: by descent, or by a marker alone. */
  readonly cover: (held: HeldProcess, proven: readonly Lease[], byMarker: readonly Lease[]) => Member;
  /** Call after whatever moved a deadline. */
  readonly schedule: (lease: Lease) => void;
}

/** New terms of a lease that is there, and the way back. */
export class TermsSetter {
  readonly #options: TermsSetterOptions;
  /** The last change of a lease's terms, as long as whoever made it may undo it. */
  readonly #changes = new WeakMap<Lease, WeakRef<TermsChange>>();

  constructor(options: TermsSetterOptions) {
    this.#options = options;
  }

  /** Gives an active lease new terms, from now on. @returns what takes them back */
  change(lease: Lease, terms: LeaseTerms): () => void {
    const { clock, schedule } = this.#options;
    const before = changeable(lease);
    const left = this.#set(lease, terms);
    startDeadlines(lease, clock.monotonicMs());
    lease.renewedWallMs = clock.wallMs();
    schedule(lease);
    const change = new TermsChange(before, changeable(lease), left, this.#changes.get(lease)?.deref());
    this.#changes.set(lease, new WeakRef(change));
    return () => {
      if (lease.state === 'active' && change.undo()) this.#restore(lease, change);
    };
  }

  /** A heartbeat that came since then stands. */
  #restore(lease: Lease, { before, after, left }: TermsChange): void {
    const { deadlineMs, renewedWallMs } = lease;
    this.#set(lease, before.terms);
    Object.assign(lease, before);
    if (deadlineMs !== after.deadlineMs || renewedWallMs !== after.renewedWallMs) {
      lease.renewedWallMs = renewedWallMs;
      renewDeadline(lease, this.#options.clock.monotonicMs());
    }
    this.#options.schedule(lease);
    for (const one of left) this.#takeBack(lease, one);
  }

  /** Its pidfd may be closed by now, and its pid another's. */
  #takeBack(lease: Lease, { member, leases, byMarker }: Left): void {
    const { members, table, cover } = this.#options;
    const known = members.live(member.pid);
    const held = known?.held ?? table.hold(member.pid);
    if (held === undefined) return;
    const around = provenOf(known);
    const proven = leases.filter((one) => one === lease || around.includes(one));
    if (compareIdentity(member, held) === 'same') cover(held, byMarker ? [] : proven, byMarker ? [lease] : []);
    else if (known === undefined) held.close();
  }

  /** @returns the members that this let go */
  #set(lease: Lease, terms: LeaseTerms): readonly Left[] {
    const { index, membership } = this.#options;
    const was = lease.terms;
    index.moveMarker(lease, terms.markerDigest);
    lease.terms = terms;
    if (terms.scope === 'process') return was.scope === 'process' ? [] : this.#shrinkToRoot(lease);
    if (was.scope === 'process' || was.markerDigest !== terms.markerDigest) membership.treeGrew();
    return [];
  }

  #shrinkToRoot(lease: Lease): Left[] {
    const others = lease.members.items().filter((member) => !isRoot(lease, member));
    const left = others.map((member) => ({ member, leases: member.leases, byMarker: member.markerLeases.includes(lease) }));
    for (const member of others) this.#options.members.uncover(member, lease);
    return left;
  }
}
