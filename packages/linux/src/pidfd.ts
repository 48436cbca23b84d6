import { fstatSync, statfsSync } from 'node:fs';
import { EBADF, EINTR, EINVAL, ENOENT, ESRCH, SystemCallError } from './errno.ts';
import { closeFile, pidfdOpen, pidfdSendSignal, poll, processMrelease } from './ffi.ts';

const POLLIN = 1;
/** PID_FS_MAGIC, include/uapi/linux/magic.h. */
const PIDFS_MAGIC = 0x50494446;
export const PID_MAX = 2 ** 31 - 1;

/** One struct pollfd: int fd, short events, short revents. As 32-bit words, `events` is the low half of the second. */
const pollEntry = new Int32Array(2);
const pollBytes = new Uint8Array(pollEntry.buffer);

/** Undefined until the first pidfd is asked. */
let inodesAreUnique: boolean | undefined;

/** A process that is held: its pid may pass to another, this descriptor never does (pidfd_open(2)). */
export class Pidfd {
  readonly fd: number;
  #open = true;

  /** @param fd a pidfd, which this object owns from now on */
  constructor(fd: number) {
    this.fd = fd;
  }

  get closed(): boolean {
    return !this.#open;
  }

  /**
   * Does the process run still? A zombie has exited. A closed pidfd knows nothing: false.
   * @throws SystemCallError where poll(2) fails (no memory)
   */
  alive(): boolean {
    if (!this.#open) return false;
    pollEntry[0] = this.fd;
    pollEntry[1] = POLLIN;
    let ready: number;
    // A signal for this program interrupts even a poll that does not wait (do_poll, fs/select.c).
    do ready = poll(pollBytes, 1, 0);
    while (ready === -EINTR);
    if (ready < 0) throw new SystemCallError('poll', -ready);
    return ready === 0;
  }

  /**
   * Sends a signal to this process and no other (pidfd_send_signal(2)). A zombie takes it without effect: `sent`.
   * @param signal its number; 0 only asks for the permission
   * @returns `gone` where the process was reaped
   * @throws SystemCallError EPERM (not permitted), EINVAL (no such signal), EBADF (closed)
   */
  sendSignal(signal: number): 'sent' | 'gone' {
    const outcome = pidfdSendSignal(this.#open ? this.fd : -1, signal);
    if (outcome === 0) return 'sent';
    if (outcome === -ESRCH) return 'gone';
    throw new SystemCallError('pidfd_send_signal', -outcome);
  }

  /**
   * Takes the memory of a process that was killed and has not ended yet, without waiting for it (process_mrelease(2)).
   * The kernel does it beside the loop; keep this open until it is over.
   * @returns false where there was nothing to take: it has ended, it is not dying, the kernel is older than 5.15
   */
  async releaseMemory(): Promise<boolean> {
    return this.#open && (await processMrelease(this.fd)) === 0;
  }

  /**
   * The pidfd's inode, which no other process has until the next boot.
   * @returns a decimal string; undefined before Linux 6.9, where all pidfds share one inode
   * @throws SystemCallError EBADF where it was closed
   */
  inode(): string | undefined {
    if (!this.#open) throw new SystemCallError('fstat', EBADF);
    inodesAreUnique ??= isOnPidfs(this.fd);
    return inodesAreUnique ? fstatSync(this.fd, { bigint: true }).ino.toString() : undefined;
  }

  /** Lets go of the process. Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFile(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Holds a process. A thread's id, a dying process and a number that names no process (0, negative, beyond pid_t,
 * broken) are all "gone": never a failure.
 * @returns undefined where no such process is
 * @throws SystemCallError where the kernel cannot (EMFILE, ENOMEM, ENOSYS before Linux 5.3)
 */
export function openPidfd(pid: number): Pidfd | undefined {
  if (!isPid(pid)) return undefined;
  const fd = pidfdOpen(pid);
  if (fd >= 0) return new Pidfd(fd);
  // ENOENT: a thread's id on Linux 6.18, EINVAL before. EINVAL also: the process is being reaped.
  if (fd === -ESRCH || fd === -EINVAL || fd === -ENOENT) return undefined;
  throw new SystemCallError('pidfd_open', -fd, pid);
}

/** Can this number name a process? */
export function isPid(pid: number): boolean {
  return Number.isInteger(pid) && pid > 0 && pid <= PID_MAX;
}

/** By the file system and not by the kernel's version: distributions carry patches backwards. */
function isOnPidfs(fd: number): boolean {
  return statfsSync(`/proc/self/fd/${fd}`).type === PIDFS_MAGIC;
}
