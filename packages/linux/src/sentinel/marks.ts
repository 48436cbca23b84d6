import { ENOENT, ESRCH, SystemCallError } from '../errno.ts';
import { BpfMap } from './bpf-map.ts';
import { layouts } from './layout.ts';

const { size, members } = layouts.mark;
const MARK_SERVER = 1;
const littleEndian = true;

/** Marks of processes, each on its group leader, by a pidfd. What a marked process forks has its mark at once. */
export class Marks {
  readonly #map: BpfMap;

  /** @param fd the task storage */
  constructor(fd: number) {
    this.#map = new BpfMap(fd, size);
  }

  /** Marks a process with a lease. @returns false where it is gone */
  set(pidfd: number, lease: bigint): boolean {
    return this.#write(pidfd, lease, 0);
  }

  /** Marks the server: the guard lets it through, and no child of it. @returns false where it is gone */
  setServer(pidfd: number): boolean {
    return this.#write(pidfd, 0n, MARK_SERVER);
  }

  /** The lease that a process is marked with; undefined where it has none, or is gone. */
  get(pidfd: number): bigint | undefined {
    const value = whileThere(() => this.#map.lookup(keyOf(pidfd)));
    if (value === undefined) return undefined;
    const lease = new DataView(value.buffer).getBigUint64(members.lease, littleEndian);
    return lease === 0n ? undefined : lease;
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
