import { pageSizeBytes } from '../clock.ts';
import { SystemCallError } from '../errno.ts';
import { mapShared, type MappedMemory } from './libbpf.ts';

/** struct bpf_ringbuf_hdr, include/uapi/linux/bpf.h: 32 bits of length with two flags, 32 bits of page offset. */
const HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const LENGTH = 0x3fff_ffff;
/** So many in one turn: the program's other business waits no longer than that. The rest makes the ring readable again. */
const RECORDS_PER_TURN = 4096;
/** The kernel gets the room of what was read back after so many. */
const RECORDS_PER_RELEASE = 64;

/** @param view the ring's memory; the record must be decoded in the call, for its room is given back after it */
export type OnRecord = (view: DataView, offset: number, bytes: number) => void;

/**
 * The reading side of a BPF ring buffer (kernel/bpf/ringbuf.c), by its memory: one page that holds how far was read,
 * then one page that holds how far was written, then the data, mapped twice in a row, so that a record that goes over
 * the end is in one piece. No call is made for a record.
 */
export class Ring {
  readonly #consumer: MappedMemory;
  readonly #producer: MappedMemory;
  readonly #readTo: BigUint64Array;
  readonly #writtenTo: BigUint64Array;
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #mask: number;
  readonly #held: boolean;
  #position: number;
  #open = true;

  /**
   * @param fd the ring's map; readable (poll(2)) while something is in it
   * @param bytes of data: a power of two
   * @param held what was read stays in the ring until `release`: whoever opens it next reads it again
   * @throws SystemCallError where it cannot be mapped
   */
  constructor(fd: number, bytes: number, held = false) {
    this.#held = held;
    this.#consumer = map(fd, pageSizeBytes, 0, true);
    this.#producer = map(fd, pageSizeBytes + 2 * bytes, pageSizeBytes, false);
    this.#readTo = new BigUint64Array(this.#consumer.memory, 0, 1);
    this.#writtenTo = new BigUint64Array(this.#producer.memory, 0, 1);
    this.#words = new Int32Array(this.#producer.memory, pageSizeBytes);
    this.#view = new DataView(this.#producer.memory, pageSizeBytes);
    this.#mask = bytes - 1;
    this.#position = Number(Atomics.load(this.#readTo, 0));
  }

  /** Hands over what was written, oldest first. @returns whether it stopped early, with more to read */
  drain(onRecord: OnRecord): boolean {
    if (!this.#open) return false;
    const end = Number(Atomics.load(this.#writtenTo, 0));
    let count = 0;
    while (this.#position < end && count < RECORDS_PER_TURN) {
      if (!this.#next(onRecord)) break;
      count += 1;
      if (!this.#held && count % RECORDS_PER_RELEASE === 0) this.release(this.#position);
    }
    if (!this.#held) this.release(this.#position);
    return count === RECORDS_PER_TURN;
  }

  /** How far was read. */
  get position(): number {
    return this.#position;
  }

  /** Gives the kernel the room of what was read up to a position. */
  release(position: number): void {
    if (this.#open) Atomics.store(this.#readTo, 0, BigInt(position));
  }

  /** Idempotent. */
  close(): void {
    this.#open = false;
    this.#consumer.unmap();
    this.#producer.unmap();
  }

  /** @returns false where the record is still being written */
  #next(onRecord: OnRecord): boolean {
    const offset = this.#position & this.#mask;
    // Atomic: what the header says is ready must be read after it (on arm64 an acquire).
    const header = Atomics.load(this.#words, offset / 4) >>> 0;
    if ((header & BUSY) !== 0) return false;
    const bytes = header & LENGTH;
    this.#position += (bytes + HEADER_BYTES + 7) & ~7;
    if ((header & DISCARDED) === 0) onRecord(this.#view, offset + HEADER_BYTES, bytes);
    return true;
  }
}

function map(fd: number, size: number, offset: number, writable: boolean): MappedMemory {
  const mapped = mapShared(fd, size, offset, writable);
  if (typeof mapped === 'number') throw new SystemCallError('mmap', -mapped, 'a BPF map');
  return mapped;
}
