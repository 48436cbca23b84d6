import type { Lease, Member } from './lease.ts';

/** What new terms change of a lease. */
type Changeable = Pick<Lease, 'terms' | 'deadlineMs' | 'maxDeadlineMs' | 'warned' | 'renewedWallMs'>;

/** A member that a lease let go when it shrank to its root, with what it had before. */
export interface Left {
  readonly member: Member;
  readonly leases: readonly Lease[];
  readonly byMarker: boolean;
}

/** Takes down what terms change, as it is now. */
export function changeable({ terms, deadlineMs, maxDeadlineMs, warned, renewedWallMs }: Lease): Changeable {
  return { terms, deadlineMs, maxDeadlineMs, warned, renewedWallMs };
}

/**
 * New terms of a lease, as long as whoever asked for them may take them back. Others may have asked meanwhile: theirs
 * stand then, and give back those of before both if they are taken back too.
 */
export class TermsChange {
  before: Changeable;
  readonly after: Changeable;
  left: readonly Left[];
  #next: TermsChange | undefined;
  #isUndone = false;

  /**
   * @param after what the lease is now
   * @param left who was let go by this
   * @param previous the change before this one, where that may be taken back still
   */
  constructor(before: Changeable, after: Changeable, left: readonly Left[], previous: TermsChange | undefined) {
    this.before = before;
    this.after = after;
    this.left = left;
    if (previous !== undefined) previous.#next = this;
  }

  /** @returns whether the lease is to be as before; false where newer terms stand */
  undo(): boolean {
    this.#isUndone = true;
    let next = this.#next;
    while (next !== undefined && next.#isUndone) next = next.#next;
    if (next === undefined) return true;
    next.before = this.before;
    next.left = [...this.left, ...next.left];
    return false;
  }
}
