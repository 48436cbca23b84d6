import { uncovered, type Coverage, type Membership } from './membership.ts';
import type { HeldProcess } from './ports.ts';

/**
 * The process that asks, held by a pidfd from the moment that its connection was accepted. Once it has exited, or
 * where its pid cannot be known, it is a member of nothing: whoever keeps its connection gains nothing by it.
 */
export class Sender {
  readonly #held: HeldProcess | undefined;
  /** The version at which it was found to be in no lease; only a new tree lease can change that. */
  #uncoveredAt = 0;

  /** @param held the peer's process; undefined where it is not known */
  constructor(held: HeldProcess | undefined) {
    this.#held = held;
  }

  /** Its pid while it lives. */
  get pid(): number | undefined {
    return this.#held?.alive() === true ? this.#held.pid : undefined;
  }

  /** Is it, alive, the process with this pid? */
  is(pid: number): boolean {
    return this.#held?.pid === pid && this.#held.alive();
  }

  /** The leases that give it rights as a sender. */
  coverage(membership: Membership): Coverage['asSender'] {
    if (this.#uncoveredAt === membership.version) return uncovered.asSender;
    const { pid } = this;
    if (pid === undefined) return uncovered.asSender;
    const { leases, asSender } = membership.coverage(pid);
    if (leases.length === 0) this.#uncoveredAt = membership.version;
    // It may have exited while it was looked up, and a member may have its pid.
    return asSender.length > 0 && this.pid === undefined ? uncovered.asSender : asSender;
  }

  close(): void {
    this.#held?.close();
  }
}
