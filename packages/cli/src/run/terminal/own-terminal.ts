import { readFileSync } from 'node:fs';
import { rawModes, readModes, readWindowSize, writeModes, type TerminalModes, type WindowSize } from '#linux/terminal.ts';
import { isInForeground } from '../forward-signals.ts';

const stdin = 0;

/** The terminal that omnictl itself was started on. */
export class OwnTerminal {
  /** As it was when it became ours; undefined: it is not raw. */
  #before: TerminalModes | undefined;

  constructor() {
    process.on('exit', this.#restore);
  }

  get size(): WindowSize {
    return readWindowSize(stdin);
  }

  /** Whether what is typed is for us: a job in the background must not touch it. */
  get isOurs(): boolean {
    return isInForeground(readFileSync('/proc/self/stat', 'utf8'));
  }

  /** How it treats what is typed; undefined where it is not ours: it is the shell's then, which has its own way with keys. */
  get modes(): TerminalModes | undefined {
    return this.isOurs ? readModes(stdin) : undefined;
  }

  get isRaw(): boolean {
    return this.#before !== undefined;
  }

  /** Hands on each byte as it comes, both ways: the command's own terminal treats them. */
  enterRaw(): void {
    if (this.#before !== undefined) return;
    const before = readModes(stdin);
    writeModes(stdin, rawModes(before));
    this.#before = before;
  }

  /** As it was before. Idempotent. */
  leaveRaw(): void {
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined) writeModes(stdin, before);
  }

  /** Does something with the terminal as it was, and goes on as it is: a line of ours must end at the left. */
  cooked(action: () => void): void {
    const wasRaw = this.isRaw;
    this.leaveRaw();
    action();
    if (wasRaw) this.enterRaw();
  }

  readonly #restore = (): void => {
    try {
      this.leaveRaw();
    } catch {
      // The terminal was closed.
    }
  };
}
