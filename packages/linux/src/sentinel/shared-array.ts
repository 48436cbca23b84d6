import { pageSizeBytes } from '../clock.ts';
import { SystemCallError } from '../errno.ts';
import { mapShared, type MappedMemory } from './libbpf.ts';

/**
 * The values of a BPF array (BPF_F_MMAPABLE) as memory: the programs write it, and it is read here without a call. Only
 * what a program may find changed at any moment is read and written this way, one aligned number at a time.
 */
export class SharedArray {
  /** Low and high half of each 64-bit number in turn: a comparison needs no bigint. */
  readonly words: Uint32Array;
  readonly longs: BigUint64Array;
  readonly #mapped: MappedMemory;

  /**
   * @param fd the array's map
   * @param bytes of all values
   * @throws SystemCallError where it cannot be mapped
   */
  constructor(fd: number, bytes: number) {
    const size = Math.ceil(bytes / pageSizeBytes) * pageSizeBytes;
    const mapped = mapShared(fd, size, 0, true);
    if (typeof mapped === 'number') throw new SystemCallError('mmap', -mapped, 'a BPF array');
    this.#mapped = mapped;
    this.words = new Uint32Array(mapped.memory);
    this.longs = new BigUint64Array(mapped.memory);
  }

  /** The arrays must not be touched any more. Idempotent. */
  close(): void {
    this.#mapped.unmap();
  }
}
