import type { Duplex } from 'node:stream';
import { LineDecoder } from './framing.ts';

export interface ConnectionEvents {
  /** One line that is JSON: a message or a batch. */
  onMessage(message: unknown): void;
  /** A line that is no JSON. The stream goes on. */
  onUnparsable(): void;
  /** A line over the bound: the stream cannot be trusted any more. */
  onOversized(error: Error): void;
  /** The other side is gone, or the stream failed. Called once. */
  onClose(cause: Error | undefined): void;
}

/**
 * JSON messages over a byte stream, one a line, in both directions; what client and server share.
 * Writing is bounded by the caller: `writableBytes` tells what the other side has not taken yet.
 */
export class Connection {
  readonly #stream: Duplex;
  readonly #decoder: LineDecoder;
  #cause: Error | undefined;
  #taking = false;
  #outgoing = '';

  /**
   * @param stream a connected Unix socket
   * @param events what to do with what comes in
   * @param frameBytesMax longest line to take
   */
  constructor(stream: Duplex, events: ConnectionEvents, frameBytesMax?: number) {
    this.#stream = stream;
    this.#decoder = new LineDecoder(frameBytesMax);
    stream.on('data', (chunk: Buffer) => {
      this.#take(chunk, events);
    });
    stream.on('error', (error) => {
      this.#cause = error;
    });
    stream.on('close', () => {
      events.onClose(this.#cause);
    });
  }

  /** What is sent while a chunk is taken goes out in one write: a peer with many requests in flight gets its answers together. */
  #take(chunk: Buffer, events: ConnectionEvents): void {
    this.#taking = true;
    try {
      this.#decode(chunk, events);
    } finally {
      this.#taking = false;
      this.#flush();
    }
  }

  #flush(): void {
    const text = this.#outgoing;
    this.#outgoing = '';
    if (text !== '' && this.#stream.writable) this.#stream.write(text);
  }

  #decode(chunk: Buffer, events: ConnectionEvents): void {
    try {
      this.#decoder.push(chunk, (line) => {
        if (line !== '' && !this.#stream.destroyed) this.#deliver(line, events);
      });
    } catch (error) {
      this.#stream.pause();
      this.#stream.removeAllListeners('data');
      events.onOversized(error as Error);
    }
  }

  /** A fault of whoever takes the messages closes this connection, with its cause, and harms no other. */
  #deliver(line: string, events: ConnectionEvents): void {
    try {
      deliver(line, events);
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
  }

  /** Bytes that were sent and not yet taken by the kernel. */
  get writableBytes(): number {
    return this.#stream.writableLength + this.#outgoing.length;
  }

  /** Sends one message. @returns false where the stream is full: wait for `drained` before the next large one */
  send(message: unknown): boolean {
    return this.sendText(JSON.stringify(message));
  }

  /** Sends one message that is JSON text already, without its newline. */
  sendText(text: string): boolean {
    if (!this.#stream.writable) return false;
    if (this.#taking) {
      this.#outgoing += `${text}\n`;
      return true;
    }
    return this.#stream.write(`${text}\n`);
  }

  /** Resolves when the stream has taken everything, or is closed. */
  async drained(): Promise<void> {
    this.#flush();
    const stream = this.#stream;
    if (stream.writableLength === 0 || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off('finish', done);
        stream.off('close', done);
        resolve();
      };
      stream.on('finish', done);
      stream.on('close', done);
      // What is written last is taken last. `drain` comes only where a write was told to wait.
      if (stream.writable) stream.write('', done);
    });
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends what is queued, then closes. Idempotent. */
  end(): void {
    this.#flush();
    this.#stream.end();
  }

  /** Closes at once; what is queued is lost. Idempotent. */
  destroy(): void {
    this.#stream.destroy();
  }
}

function deliver(line: string, events: ConnectionEvents): void {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    events.onUnparsable();
    return;
  }
  events.onMessage(message);
}
