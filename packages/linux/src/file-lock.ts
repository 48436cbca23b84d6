import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { EAGAIN, SystemCallError } from './errno.ts';
import { flock } from './ffi.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
// O_NONBLOCK: a FIFO in its place must not make us wait. Node adds O_CLOEXEC: no child keeps the lock alive.
const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A lock that the kernel lets go of when its holder ends, however it ends (flock(2)). */
export class FileLock {
  readonly path: string;
  readonly #fd: number;
  #held = true;

  /** @param fd an open, locked file, which this object owns from now on */
  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Lets go. The file stays: whoever removed it could leave two holders of two files of one name. Idempotent. */
  close(): void {
    if (!this.#held) return;
    this.#held = false;
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Takes the lock without waiting. The file (mode 0600, no symbolic link) holds the pid of its last holder, for people.
 * @returns undefined where another holds it
 * @throws the error of open(2), or SystemCallError; Error where the path is no regular file
 */
export function lockFile(path: string): FileLock | undefined {
  const fd = openSync(path, flags, 0o600);
  let lock: FileLock | undefined;
  try {
    if (!fstatSync(fd).isFile()) throw new Error(`${path} is not a regular file`);
    const outcome = flock(fd, LOCK_EX | LOCK_NB);
    if (outcome === -EAGAIN) return undefined;
    if (outcome < 0) throw new SystemCallError('flock', -outcome, path);
    writeHolder(fd);
    lock = new FileLock(path, fd);
    return lock;
  } finally {
    if (lock === undefined) closeSync(fd);
  }
}

function writeHolder(fd: number): void {
  // Whoever can open the file can hold its lock: a laxer mode of before is taken back.
  if ((fstatSync(fd).mode & 0o077) !== 0) fchmodSync(fd, 0o600);
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
}
