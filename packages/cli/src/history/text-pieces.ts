import type { Sink } from './sink.ts';

const pieceBytes = 256 * 1024;

/**
 * Gathers small texts into pieces for a sink. Each is turned into bytes at once: a long text made of many short ones would
 * live long enough for V8 to move all its parts about.
 */
export class TextPieces {
  readonly #sink: Sink;
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes);
  #used = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Takes the next text. */
  add(text: string): void {
    // In UTF-8 a character of JavaScript's takes three bytes at most.
    if (this.#used + text.length * 3 > pieceBytes) this.flush();
    if (text.length * 3 > pieceBytes) this.#sink.write(Buffer.from(text, 'utf8'));
    else this.#used += this.#piece.write(text, this.#used, 'utf8');
  }

  /** Hands on what is gathered. */
  flush(): void {
    if (this.#used > 0) this.#sink.write(this.#piece.subarray(0, this.#used));
    this.#used = 0;
  }
}
