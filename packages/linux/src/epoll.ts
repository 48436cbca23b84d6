import { SystemCallError } from './errno.ts';
import { closeFile, epollControl, epollCreate, epollWait } from './ffi.ts';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;

/**
 * struct epoll_event: 32 bits of events, 64 bits of data. Packed on x86_64 alone (EPOLL_PACKED,
 * include/uapi/linux/eventpoll.h), so that a 32-bit program has the same layout there.
 */
const packed = process.arch === 'x64';
const EVENT_BYTES = packed ? 12 : 16;
const DATA_OFFSET = packed ? 4 : 8;
const BATCH = 128;

/** A descriptor that became readable, with the number that it was added under. */
export interface ReadyFd {
  readonly fd: number;
  readonly tag: number;
}

/** A set of descriptors of which one asks: which are readable? (epoll(7), level-triggered) */
export class Epoll {
  /** Itself a descriptor that is readable whenever one of the set is. */
  readonly fd: number;
  readonly #events = Buffer.allocUnsafeSlow(BATCH * EVENT_BYTES);
  readonly #event = Buffer.allocUnsafeSlow(EVENT_BYTES);
  #open = true;

  /** @throws SystemCallError where descriptors or memory are wanting */
  constructor() {
    this.fd = epollCreate(EPOLL_CLOEXEC);
    if (this.fd < 0) throw new SystemCallError('epoll_create1', -this.fd);
  }

  /**
   * @param tag 32 bits that come back with the descriptor: its number may have passed to another meanwhile
   * @throws SystemCallError EBADF, EEXIST, ENOSPC (fs.epoll.max_user_watches)
   */
  add(fd: number, tag: number): void {
    this.#event.writeUInt32LE(EPOLLIN, 0);
    this.#event.writeInt32LE(fd, DATA_OFFSET);
    this.#event.writeUInt32LE(tag, DATA_OFFSET + 4);
    const outcome = epollControl(this.fd, EPOLL_CTL_ADD, fd, this.#event);
    if (outcome < 0) throw new SystemCallError('epoll_ctl', -outcome, fd);
  }

  /** Takes a descriptor out of the set; one that is closed is out already. */
  remove(fd: number): void {
    epollControl(this.fd, EPOLL_CTL_DEL, fd, null);
  }

  /**
   * Which are readable now, up to 128 of them; it does not wait.
   * @throws SystemCallError where the set was closed
   */
  ready(): ReadyFd[] {
    const count = epollWait(this.fd, this.#events, BATCH, 0);
    if (count < 0) throw new SystemCallError('epoll_wait', -count);
    const found: ReadyFd[] = [];
    for (let at = DATA_OFFSET; found.length < count; at += EVENT_BYTES) {
      found.push({ fd: this.#events.readInt32LE(at), tag: this.#events.readUInt32LE(at + 4) });
    }
    return found;
  }

  /** Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFile(this.fd);
  }
}
