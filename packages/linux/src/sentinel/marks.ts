import { ENOENT, ESRCH, SystemCallError } from '../errno.ts';
import { BpfMap } from './bpf-map.ts';
import { layouts } from './layout.ts';

const { size, members } = layouts.mark;
/** enum mark_flags, bpf/events.h. */
const MARK_SERVER = 1;
const MARK_UNGUARDED = 4;
const MARK_CARRIER = 8;
const littleEndian = true;

/** What sets a mark apart from others of its lease. */
export interface MarkLimits {
  /** A member like others, but for the guard. */
  readonly unguarded?: boolean;
  /** A member by the secret in its environment alone: it has no right as a sender. */
  readonly carrier?: boolean;
}

/** What a process is marked with. */
export interface Mark extends Required<MarkLimits> {
  readonly leaseNumber: bigint;
}

/** Marks of processes, each on its group leader, by a pidfd. What a marked process forks has its mark at once. */
export class Marks {
  readonly #map: BpfMap;

  /** @param fd the task storage */
  constructor(fd: number) {
    this.#map = new BpfMap(fd, size);
  }

  /** Marks a process with a lease. @returns false where it is gone */
  set(pidfd: number, leaseNumber: bigint, { unguarded, carrier }: MarkLimits): boolean {
    const flags = (unguarded === true ? MARK_UNGUARDED : 0) | (carrier === true ? MARK_CARRIER : 0);
    return this.#write(pidfd, leaseNumber, flags);
  }

  /** Marks the server: the guard lets it through, and no child of it. @returns false where it is gone */
  setServer(pidfd: number): boolean {
    return this.#write(pidfd, 0n, MARK_SERVER);
  }

  /** What a process is marked with; undefined where it has no mark of a lease, or is gone. */
  get(pidfd: number): Mark | undefined {
    const value = whileThere(() => this.#map.lookup(keyOf(pidfd)));
    if (value === undefined) return undefined;
    const view = new DataView(value.buffer);
    const leaseNumber = view.getBigUint64(members.lease, littleEndian);
    const flags = view.getUint32(members.flags, littleEndian);
    if (leaseNumber === 0n) return undefined;
    return { leaseNumber, unguarded: (flags & MARK_UNGUARDED) !== 0, carrier: (flags & MARK_CARRIER) !== 0 };
  }

  /** Takes a mark away. @returns false where there was none */
  delete(pidfd: number): boolean {
    return whileThere(() => this.#map.delete(keyOf(pidfd))) ?? false;
  }

  #write(pidfd: number, lease: bigint, flags: number): boolean {
    const value = new DataView(new ArrayBuffer(size));
    value.setBigUint64(members.lease, lease, littleEndian);
    value.setUint32(members.flags, flags, littleEndian);
    const written = whileThere(() => {
      this.#map.update(keyOf(pidfd), new Uint8Array(value.buffer));
      return true;
    });
    return written ?? false;
  }
}

/** The key of a task storage is a pidfd. */
function keyOf(pidfd: number): Uint8Array {
  return new Uint8Array(new Int32Array([pidfd]).buffer);
}

/** @returns undefined where the process is gone */
function whileThere<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof SystemCallError && (error.errno === ESRCH || error.errno === ENOENT)) return undefined;
    throw error;
  }
}
