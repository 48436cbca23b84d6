import { writeSync } from 'node:fs';

/** A program that does not read what is typed is asked again so often. */
const retryMs = 10;

/** What is typed at a terminal, on its way to whoever reads there; a paste may be longer than the kernel keeps. */
export class TerminalInput {
  readonly #fd: number;
  #waiting: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;

  /** @param fd the holder's side of the terminal, which does not block */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Types it, now or as soon as there is room. */
  write(typed: Uint8Array): void {
    this.#waiting = Buffer.concat([this.#waiting, typed]);
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    try {
      while (this.#waiting.length > 0) this.#waiting = this.#waiting.subarray(writeSync(this.#fd, this.#waiting));
    } catch (error) {
      const isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (isFull) {
        this.#timer = setTimeout(() => {
          this.#flush();
        }, retryMs).unref();
      } else {
        // EIO: nobody has the terminal any more.
        this.#waiting = Buffer.alloc(0);
      }
    }
  }
}
