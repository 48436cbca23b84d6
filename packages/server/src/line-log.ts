import { writeSync } from 'node:fs';

/** When a log that takes no lines is tried again. */
const retryMs = 1000;

/**
 * Where pino writes its lines: at once, so that what was logged before a SIGKILL is in the log. Lines that come together
 * (fifty registrations that one sync made durable) go out in one write, before anything is answered. What cannot be
 * written (disk full, reader gone or slow) is lost, and counted: a log must not end or hold up the server.
 */
export class LineLog {
  readonly #fd: number;
  #text = '';
  #lines = 0;
  #lost = 0;
  #isBlocked = false;

  constructor(fd: number) {
    this.#fd = fd;
    process.once('exit', () => {
      this.#flush();
    });
  }

  /** @param line with its newline */
  write(line: string): void {
    this.#text += line;
    this.#lines += 1;
    // Runs after the microtasks that wait already, each of which may have a line, and before those that answer.
    if (this.#lines === 1) {
      queueMicrotask(() => {
        this.#flush();
      });
    }
  }

  #flush(): void {
    const text = this.#text;
    const lines = this.#lines;
    this.#text = '';
    this.#lines = 0;
    if (lines === 0) return;
    if (this.#isBlocked) {
      this.#lost += lines;
      return;
    }
    const lost = this.#lost;
    this.#lost = 0;
    if (lost > 0 && !this.#put(`${JSON.stringify({ level: 40, time: Date.now(), lost, msg: 'log lines are lost' })}\n`)) {
      this.#lost += lost + lines;
    } else if (!this.#put(text)) this.#lost += lines;
  }

  #put(text: string): boolean {
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      return true;
    } catch {
      this.#isBlocked = true;
      setTimeout(() => {
        this.#isBlocked = false;
      }, retryMs).unref();
      return false;
    }
  }
}
