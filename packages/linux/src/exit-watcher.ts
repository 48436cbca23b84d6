import { Epoll } from './epoll.ts';
import { watchReadable, type LoopWatch } from './ffi.ts';
import type { Pidfd } from './pidfd.ts';

interface Watch {
  readonly pidfd: Pidfd;
  readonly tag: number;
  readonly onExit: () => void;
}

/**
 * Calls back when held processes exit, however many they are: their pidfds stand in one epoll set, and that set is one
 * descriptor of Node's own event loop. So no thread waits (an `epoll_wait` in libuv's pool would take one of its four
 * for good, and hold up the end of the program), and a process that is watched costs nothing while it runs.
 *
 * The watcher does not keep the program running: whoever needs it to has a server or a timer. A program that ends
 * without `close()` ends all the same; `close()` gives the descriptors back.
 */
export class ExitWatcher {
  readonly #epoll: Epoll;
  readonly #loop: LoopWatch;
  readonly #watches = new Map<number, Watch>();
  #tag = 0;
  #open = true;

  /** @throws SystemCallError where descriptors or memory are wanting */
  constructor() {
    this.#epoll = new Epoll();
    this.#loop = watchReadable(this.#epoll.fd, () => this.#collect());
  }

  /** How many processes are watched. */
  get size(): number {
    return this.#watches.size;
  }

  /**
   * Calls `onExit` once, when the process has exited (a zombie has); soon, and never from within this call, where it
   * has already. The pidfd stays the caller's: it may be closed in the callback, and before that only after `unwatch`.
   * @throws Error where this pidfd is closed or watched already, or the watcher is closed
   * @throws SystemCallError ENOSPC where the user's limit of epoll watches is reached
   */
  watch(pidfd: Pidfd, onExit: () => void): void {
    if (!this.#open) throw new Error('the exit watcher is closed');
    if (pidfd.closed) throw new Error('a closed pidfd cannot be watched');
    const known = this.#watches.get(pidfd.fd);
    if (known !== undefined && !known.pidfd.closed) throw new Error('this pidfd is watched already');
    this.#tag = (this.#tag + 1) >>> 0;
    this.#epoll.add(pidfd.fd, this.#tag);
    this.#watches.set(pidfd.fd, { pidfd, tag: this.#tag, onExit });
  }

  /** Forgets a process: its callback will not be called. Nothing happens where it is not watched. */
  unwatch(pidfd: Pidfd): void {
    if (this.#watches.get(pidfd.fd)?.pidfd !== pidfd) return;
    this.#watches.delete(pidfd.fd);
    if (!pidfd.closed) this.#epoll.remove(pidfd.fd);
  }

  /** Stops watching; no callback comes after this. Idempotent. */
  close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      this.#watches.clear();
      this.#loop.close();
      this.#epoll.close();
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A callback that throws leaves the rest in the set, which is level-triggered: the loop comes back for them. */
  #collect(): void {
    if (!this.#open) return;
    for (const { fd, tag } of this.#epoll.ready()) {
      const watch = this.#watches.get(fd);
      // A callback of this batch may have unwatched it, or closed it and the number passed to another.
      if (watch === undefined || watch.tag !== tag) continue;
      this.unwatch(watch.pidfd);
      watch.onExit();
    }
  }
}
