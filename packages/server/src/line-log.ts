import { writeSync } from 'node:fs';

/** When a log that takes no lines is tried again. */
const retryMs = 1000;

/**
 * Where pino writes its lines: at once, so that what was logged before a SIGKILL is in the log. What cannot be written
 * (disk full, reader gone or slow) is lost, and counted: a log must not end or hold up the server.
 */
export class LineLog {
  readonly #fd: number;
  #lost = 0;
  #isBlocked = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @param line with its newline */
  write(line: string): void {
    if (this.#isBlocked) {
      this.#lost += 1;
      return;
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0 && !this.#put(`${JSON.stringify({ level: 40, time: Date.now(), lost, msg: 'log lines are lost' })}\n`)) {
      this.#lost += lost;
    } else this.#put(line);
  }

  #put(text: string): boolean {
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      return true;
    } catch {
      this.#lost += 1;
      this.#isBlocked = true;
      setTimeout(() => {
        this.#isBlocked = false;
      }, retryMs).unref();
      return false;
    }
  }
}
