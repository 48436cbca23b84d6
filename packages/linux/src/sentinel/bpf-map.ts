import { ENOENT, SystemCallError } from '../errno.ts';
import { libbpf } from './libbpf.ts';

/** Keys and values are the bytes of the kernel side's structures (layout.ts). */
type Bytes = Uint8Array;

/** A BPF map by its descriptor (bpf(2)). */
export class BpfMap {
  readonly #fd: number;
  readonly #value: Uint8Array;
  readonly #keyBytes: number;

  /**
   * @param valueBytes size of a value
   * @param keyBytes size of a key; for `keys` alone
   */
  constructor(fd: number, valueBytes: number, keyBytes = 0) {
    this.#fd = fd;
    this.#keyBytes = keyBytes;
    this.#value = new Uint8Array(valueBytes);
  }

  /**
   * @returns the value, in memory that the next lookup overwrites; undefined where the key is not there
   * @throws SystemCallError ESRCH where the key is the pidfd of a process that is gone
   */
  lookup(key: Bytes): Bytes | undefined {
    const outcome = libbpf().lookup(this.#fd, key, this.#value);
    if (outcome === 0) return this.#value;
    if (outcome === -ENOENT) return undefined;
    throw new SystemCallError('bpf_map_lookup_elem', -outcome);
  }

  /**
   * Sets a value, whether or not there was one.
   * @param key null for a queue, which it is put into
   * @throws SystemCallError E2BIG (full), ENOMEM, ESRCH (the key is the pidfd of a process that is gone)
   */
  update(key: Bytes | null, value: Bytes): void {
    const outcome = libbpf().update(this.#fd, key, value, 0);
    if (outcome < 0) throw new SystemCallError('bpf_map_update_elem', -outcome);
  }

  /**
   * @returns false where the key is not there
   * @throws SystemCallError ESRCH where the key is the pidfd of a process that is gone
   */
  delete(key: Bytes): boolean {
    const outcome = libbpf().remove(this.#fd, key);
    if (outcome < 0 && outcome !== -ENOENT) throw new SystemCallError('bpf_map_delete_elem', -outcome);
    return outcome === 0;
  }

  /** Takes the next value out of a queue. @returns undefined where it is empty; memory that the next call overwrites */
  take(): Bytes | undefined {
    const outcome = libbpf().take(this.#fd, null, this.#value);
    if (outcome === 0) return this.#value;
    if (outcome === -ENOENT) return undefined;
    throw new SystemCallError('bpf_map_lookup_and_delete_elem', -outcome);
  }

  /** Every key, as they are while this looks: one that comes or goes meanwhile may be missed, and one be there twice. */
  keys(): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (let key: Uint8Array | null = null; ;) {
      const next = new Uint8Array(this.#keyBytes);
      const outcome = libbpf().nextKey(this.#fd, key, next);
      if (outcome === -ENOENT) return found;
      if (outcome < 0) throw new SystemCallError('bpf_map_get_next_key', -outcome);
      found.push(next);
      key = next;
    }
  }
}
