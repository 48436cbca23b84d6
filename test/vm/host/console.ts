const BYTES_MAX = 1024 * 1024;
/** What the kernel says when something is wrong with itself: not stalls, which a loaded host makes. */
const COMPLAINT = /^.*(?:\bBUG: (?!soft lockup)|\bOops\b|\bWARNING: CPU|general protection fault|Kernel panic).*$/gm;

/** What a machine wrote to its console, the end of it. */
export class Console {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.toString('latin1')).slice(-BYTES_MAX);
  }

  /** The last lines. */
  tail(lines = 60): string {
    return this.#text.replaceAll('\r', '').split('\n').slice(-lines).join('\n');
  }

  /** Lines in which the kernel tells of a fault of its own. */
  complaints(): string[] {
    return [...this.#text.replaceAll('\r', '').matchAll(COMPLAINT)].map(([line]) => line);
  }
}
