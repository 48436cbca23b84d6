import { writeSync } from 'node:fs';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * The log of a terminal: what was printed, with the line ends that the programs wrote. The terminal puts a carriage
 * return before each line feed; that one is taken out again.
 */
export class TerminalLog {
  readonly #fd: number;
  readonly #onFailure: (error: unknown) => void;
  #returned = false;
  #failed = false;

  /**
   * @param fd open for appending
   * @param onFailure is called once, at the first write that fails: the command goes on without a log
   */
  constructor(fd: number, onFailure: (error: unknown) => void) {
    this.#fd = fd;
    this.#onFailure = onFailure;
  }

  /** Written when it returns: a SIGKILL from then on takes nothing back. */
  write(chunk: Uint8Array): void {
    this.#append(this.#lines(chunk));
  }

  /** A carriage return that nothing came after. */
  finish(): void {
    if (this.#returned) this.#append(Uint8Array.of(carriageReturn));
    this.#returned = false;
  }

  #lines(chunk: Uint8Array): Uint8Array {
    const lines = new Uint8Array(chunk.length + 1);
    let length = 0;
    for (const byte of chunk) {
      if (this.#returned && byte !== lineFeed) lines[length++] = carriageReturn;
      this.#returned = byte === carriageReturn;
      if (!this.#returned) lines[length++] = byte;
    }
    return lines.subarray(0, length);
  }

  #append(bytes: Uint8Array): void {
    if (this.#failed) return;
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      this.#failed = true;
      this.#onFailure(error);
    }
  }
}
