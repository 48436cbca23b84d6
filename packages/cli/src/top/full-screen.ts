import { writeAll } from '../output/write-all.ts';

const stdout = 1;
// xterm's control sequences: the other screen, the cursor, and erasing what is behind it.
const enter = '\u001B[?1049h\u001B[?25l\u001B[2J';
const leave = '\u001B[?25h\u001B[?1049l';

/** A whole terminal, given back when it is disposed of. Only lines that have changed are written. */
export class FullScreen implements Disposable {
  #lines: readonly string[] = [];
  #isOpen = false;

  /** Takes the terminal. Idempotent. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#lines = [];
    writeAll(stdout, enter);
  }

  /** Gives it back as it was. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    writeAll(stdout, leave);
  }

  /** Forgets what is on it: the terminal was resized. */
  clear(): void {
    this.#lines = [];
    if (this.#isOpen) writeAll(stdout, '\u001B[2J');
  }

  /** Shows these lines. @returns false where nobody looks any more */
  draw(lines: readonly string[]): boolean {
    const changed = lines.map((line, index) => {
      if (line === this.#lines[index]) return '';
      return `\u001B[${String(index + 1)};1H${line}\u001B[K`;
    });
    this.#lines = lines;
    return writeAll(stdout, changed.join(''));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
