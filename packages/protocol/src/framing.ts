import { bounds } from './bounds.ts';
import { ProtocolError } from './errors.ts';

const newline = 0x0a;

/**
 * Cuts a byte stream into lines: one JSON message each (protocol/README.md, framing). Holds at most one
 * unfinished line, and that only up to the bound.
 */
export class LineDecoder {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** @param maxBytes longest line, its newline included */
  constructor(maxBytes: number = bounds.frameBytesMax) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next bytes and hands each line that they complete to `onLine`, without its newline.
   *
   * @throws ProtocolError invalidRequest where a line is longer than the bound; the stream is of no use after that
   */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(newline, from);
      if (end === -1) break;
      this.#checkLength(this.#pendingBytes + end + 1 - from);
      onLine(this.#complete(chunk, from, end));
      from = end + 1;
    }
    if (from === chunk.length) return;
    this.#checkLength(this.#pendingBytes + chunk.length - from + 1);
    this.#pending.push(from === 0 ? chunk : chunk.subarray(from));
    this.#pendingBytes += chunk.length - from;
  }

  #complete(chunk: Buffer, from: number, end: number): string {
    if (this.#pendingBytes === 0) return chunk.toString('utf8', from, end);
    const line = Buffer.concat([...this.#pending, chunk.subarray(from, end)]).toString('utf8');
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #checkLength(lengthBytes: number): void {
    if (lengthBytes <= this.#maxBytes) return;
    throw new ProtocolError('invalidRequest', `a frame is at most ${String(this.#maxBytes)} bytes, newline included`);
  }
}
