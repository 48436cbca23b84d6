import type { Lease, Member } from '#core/lease.ts';
import { signalsOf } from '#core/signal-set.ts';
import type { KernelLease } from '#linux/sentinel/lease-terms.ts';
import type { Sentinel } from '#linux/sentinel/sentinel.ts';
import type { Held } from '../machine.ts';

/** Without a guard nothing in the kernel acts on a lease's end: the server takes the marks away. */
const noEndNs = 2n ** 63n;

/**
 * Leases as the kernel side knows them, by number. A process has the mark of its innermost lease; what it forks has it
 * from its first instruction on. The links close with this process, so numbers begin anew with each server.
 */
export class KernelMarks {
  readonly #sentinel: Sentinel;
  readonly #numbers = new Map<Lease, bigint>();
  readonly #leases = new Map<bigint, Lease>();
  #last = 0n;

  constructor(sentinel: Sentinel) {
    this.#sentinel = sentinel;
  }

  /** The active lease that has this number. */
  leaseOf(number: bigint | undefined): Lease | undefined {
    return number === undefined ? undefined : this.#leases.get(number);
  }

  /** The active lease that a process is marked with. */
  markOf(pidfd: number): Lease | undefined {
    return this.leaseOf(this.#sentinel.markOf(pidfd));
  }

  /** A lease is granted, or has new terms. */
  set(lease: Lease): void {
    this.#sentinel.setLease(this.#numberOf(lease), this.#terms(lease));
  }

  /** A process joined the protected set, or has another innermost lease. */
  mark(member: Member): void {
    const [lease] = member.leases;
    if (lease === undefined) return;
    if (!this.#numbers.has(lease)) this.set(lease);
    this.#sentinel.mark((member.held as Held).pidfd.fd, this.#numberOf(lease));
  }

  /** It left the protected set. */
  unmark(member: Member): void {
    if (member.held.alive()) this.#sentinel.unmark((member.held as Held).pidfd.fd);
  }

  /** A lease is over: the number is told no more. */
  end(lease: Lease): void {
    const number = this.#numbers.get(lease);
    if (number === undefined) return;
    this.#numbers.delete(lease);
    this.#leases.delete(number);
    this.#sentinel.endLease(number);
    this.#sentinel.forgetLease(number);
  }

  #numberOf(lease: Lease): bigint {
    const known = this.#numbers.get(lease);
    if (known !== undefined) return known;
    this.#last += 1n;
    this.#numbers.set(lease, this.#last);
    this.#leases.set(this.#last, lease);
    return this.#last;
  }

  #terms(lease: Lease): KernelLease {
    const { parent, terms } = lease;
    const parentNumber = parent?.state === 'active' ? this.#numberOf(parent) : undefined;
    return {
      endNs: noEndNs,
      forbiddenSignals: signalsOf(terms.forbidden),
      mode: 'off',
      strict: terms.strict,
      processOnly: terms.scope === 'process',
      ...(parentNumber === undefined ? {} : { parentNumber }),
    };
  }
}
