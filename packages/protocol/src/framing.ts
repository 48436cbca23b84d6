import { bounds } from './bounds.ts';
import { ProtocolError } from './errors.ts';

const newline = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Cuts a byte stream into lines: one JSON message each (protocol/README.md, framing). Holds at most one
 * unfinished line, and that only up to the bound.
 */
export class LineDecoder {
  readonly #maxBytes: number;
  /** The unfinished line, and behind it room for more. */
  #pending: Buffer = nothing;
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
    this.#keep(chunk.subarray(from));
  }

  /** Copies: chunks that were kept as they came would cost a hundred times what a peer sends byte by byte. */
  #keep(bytes: Buffer): void {
    const neededBytes = this.#pendingBytes + bytes.length;
    if (neededBytes > this.#pending.length) {
      const larger = Buffer.allocUnsafe(Math.max(neededBytes, 2 * this.#pending.length));
      this.#pending.copy(larger, 0, 0, this.#pendingBytes);
      this.#pending = larger;
    }
    bytes.copy(this.#pending, this.#pendingBytes);
    this.#pendingBytes = neededBytes;
  }

  #complete(chunk: Buffer, from: number, end: number): string {
    if (this.#pendingBytes === 0) return chunk.toString('utf8', from, end);
    this.#keep(chunk.subarray(from, end));
    const line = this.#pending.toString('utf8', 0, this.#pendingBytes);
    this.#pending = nothing;
    this.#pendingBytes = 0;
    return line;
  }

  #checkLength(lengthBytes: number): void {
    if (lengthBytes <= this.#maxBytes) return;
    throw new ProtocolError('invalidRequest', `a frame is at most ${String(this.#maxBytes)} bytes, newline included`);
  }
}
