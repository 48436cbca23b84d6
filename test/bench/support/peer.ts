import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frameAt, type Frames } from './frames.ts';

const newline = 0x0a;

/** A client that does as little as can be done: it writes ready frames and counts the lines that come back. */
export class Peer implements Disposable {
  readonly #socket: Socket;
  #onData: (chunk: Buffer) => void = () => undefined;
  #onLost: (cause: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#onData(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#onLost(new Error('the server closed the connection'));
    });
  }

  /** @param path a Unix socket that something listens on */
  static async connect(path: string): Promise<Peer> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /** Asks once. @returns the line of the answer */
  async ask(frame: Buffer | string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = '';
    this.#onLost = reject;
    this.#onData = (chunk) => {
      text += chunk.toString();
      if (text.endsWith('\n')) resolve(text);
    };
    this.#socket.write(frame);
    return await promise;
  }

  /** Asks one after the other. @returns microseconds for each, from the write to the end of its answer */
  async latencies(frames: Frames, count: number): Promise<readonly number[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
    const samples: number[] = [];
    let startMs = 0;
    const ask = (): void => {
      startMs = performance.now();
      this.#socket.write(frameAt(frames, samples.length));
    };
    this.#onLost = reject;
    this.#onData = (chunk) => {
      if (chunk.at(-1) !== newline) return;
      samples.push((performance.now() - startMs) * 1000);
      if (samples.length < count) ask();
      else resolve(samples);
    };
    ask();
    return await promise;
  }

  /** Keeps so many requests in flight until `count` are answered. @returns answers a second */
  async throughput(frames: Frames, count: number, inFlight: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let sent = 0;
    let answered = 0;
    const startMs = performance.now();
    const send = (wanted: number): void => {
      const batch: Buffer[] = [];
      for (; batch.length < wanted && sent < count; sent += 1) batch.push(frameAt(frames, sent));
      if (batch.length > 0) this.#socket.write(Buffer.concat(batch));
    };
    this.#onLost = reject;
    this.#onData = (chunk) => {
      const lines = countLines(chunk);
      answered += lines;
      if (answered === count) resolve(count / ((performance.now() - startMs) / 1000));
      else send(lines);
    };
    send(inFlight);
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#onLost = () => undefined;
    this.#socket.destroy();
  }
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
