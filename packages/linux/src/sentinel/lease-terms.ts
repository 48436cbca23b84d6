import { BpfMap } from './bpf-map.ts';
import { layouts } from './layout.ts';

/** `off`: a mark without a guard. `audit`: what would be refused is told. `enforce`: it is refused. */
export type GuardMode = 'off' | 'audit' | 'enforce';

/** What the kernel knows of a lease. */
export interface KernelLease {
  /** CLOCK_MONOTONIC, nanoseconds: when it ends by itself; at most ten minutes ahead where there is a guard. */
  readonly endNs: bigint;
  /** Numbers of the signals that it forbids. */
  readonly forbiddenSignals: readonly number[];
  readonly mode: GuardMode;
  /** Not even an ancestor may send them. */
  readonly strict?: boolean;
  /** Only the marked process itself: what it forks has the mark of the parent lease, or none. */
  readonly processOnly?: boolean;
  /** The lease that this one is nested in. */
  readonly parentNumber?: bigint;
}

/** So that a server that does not come back leaves nothing that cannot be killed. */
export const guardNsMax = 600_000_000_000n;

const { size, members } = layouts.lease;
const modes: readonly GuardMode[] = ['off', 'audit', 'enforce'];
const STRICT = 1;
const PROCESS_ONLY = 2;
const SIGNAL_MAX = 64;
const KEY_BYTES = 8;
const littleEndian = true;

/** The terms of leases, by number: the marks of a thousand processes lead to one of these. */
export class LeaseTerms {
  readonly #map: BpfMap;

  constructor(fd: number) {
    this.#map = new BpfMap(fd, size, KEY_BYTES);
  }

  /**
   * Sets or replaces the terms; it holds for all marked processes at once.
   * @throws RangeError where the number is 0, a signal is none, or a guard's end is more than ten minutes ahead
   * @throws SystemCallError E2BIG where there are too many leases
   */
  set(number: bigint, lease: KernelLease): void {
    if (number <= 0n) throw new RangeError(`${number} is no lease number`);
    // The clock of process.hrtime is CLOCK_MONOTONIC, as is the kernel side's.
    if (lease.mode !== 'off' && lease.endNs - process.hrtime.bigint() > guardNsMax) {
      throw new RangeError('the end of a guard is more than ten minutes ahead');
    }
    this.#map.update(keyOf(number), encode(lease));
  }

  /**
   * Ends a lease: what carries its mark is not guarded by it any more. The entry stays, for it leads to the parent.
   * @returns false where it was not there
   */
  end(number: bigint): boolean {
    const key = keyOf(number);
    const value = this.#map.lookup(key);
    if (value === undefined) return false;
    new DataView(value.buffer).setBigUint64(members.end_ns, 0n, littleEndian);
    this.#map.update(key, value);
    return true;
  }

  /** The numbers of all leases that are here. */
  numbers(): bigint[] {
    return this.#map.keys().map((key) => new DataView(key.buffer).getBigUint64(0, littleEndian));
  }

  /** Forgets a lease of which no marked process is left. @returns false where it was not there */
  forget(number: bigint): boolean {
    return this.#map.delete(keyOf(number));
  }
}

function keyOf(number: bigint): Uint8Array {
  return new Uint8Array(new BigUint64Array([number]).buffer);
}

function encode(lease: KernelLease): Uint8Array {
  const value = new DataView(new ArrayBuffer(size));
  value.setBigUint64(members.end_ns, lease.endNs, littleEndian);
  value.setBigUint64(members.forbidden, maskOf(lease.forbiddenSignals), littleEndian);
  value.setBigUint64(members.parent, lease.parentNumber ?? 0n, littleEndian);
  value.setUint32(members.mode, modes.indexOf(lease.mode), littleEndian);
  const flags = (lease.strict === true ? STRICT : 0) | (lease.processOnly === true ? PROCESS_ONLY : 0);
  value.setUint32(members.flags, flags, littleEndian);
  return new Uint8Array(value.buffer);
}

function maskOf(signals: readonly number[]): bigint {
  let mask = 0n;
  for (const signal of signals) {
    if (!Number.isInteger(signal) || signal < 1 || signal > SIGNAL_MAX) throw new RangeError(`${signal} is no signal`);
    mask |= 1n << BigInt(signal - 1);
  }
  return mask;
}
