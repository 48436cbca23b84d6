import { constants } from 'node:fs';
import { EPIPE } from './errno.ts';
import { closeFile, openFile, readFile, seekFile } from './ffi.ts';

const O_CLOEXEC = 0o2000000;
const SEEK_END = 2;
/** CONSOLE_EXT_LOG_MAX, kernel/printk/internal.h: no record is longer. */
const recordBytesMax = 8192;
/** What is read at once, at most: the caller waits. */
const recordsMax = 20_000;
/** Programs may write here too (as root); their facility is not the kernel's. */
const facilityShift = 3;

/** What the kernel says from now on (/dev/kmsg, Documentation/ABI/testing/dev-kmsg). Nobody is waited for. */
export class KernelLog {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(recordBytesMax);
  #open = true;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @returns undefined where it may not be read (it needs root, or CAP_SYSLOG) or there is none */
  static open(): KernelLog | undefined {
    const fd = openFile('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return undefined;
    if (seekFile(fd, 0, SEEK_END) >= 0) return new KernelLog(fd);
    closeFile(fd);
    return undefined;
  }

  /** The kernel's messages since the last call, oldest first; what was overwritten meanwhile is left out. */
  read(): string[] {
    const messages: string[] = [];
    for (let count = 0; this.#open && count < recordsMax; count += 1) {
      const size = readFile(this.#fd, this.#buffer, this.#buffer.length);
      if (size === -EPIPE) continue;
      if (size <= 0) break;
      const message = messageOf(this.#buffer.toString('utf8', 0, size));
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  /** Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeFile(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** `priority,sequence,time,flags;message`, and lines of properties, which begin with a space. */
function messageOf(record: string): string | undefined {
  const isKernels = Number.parseInt(record, 10) >> facilityShift === 0;
  const start = record.indexOf(';') + 1;
  if (!isKernels || start === 0) return undefined;
  const end = record.indexOf('\n', start);
  return record.slice(start, end < 0 ? undefined : end);
}
