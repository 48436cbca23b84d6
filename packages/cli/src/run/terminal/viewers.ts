import type { Socket } from 'node:net';
import { frame, frameKinds, FrameReader, type FrameKind } from './frames.ts';

/** A terminal that is slower than what is printed holds it up, as a terminal does; until then so much is on its way to it. */
const backlogBytesMax = 1024 * 1024;

/** What one that attaches is shown first of what came before. */
const tailBytes = 16 * 1024;

/** What the holder does with what viewers say. */
export type OnFrame = (kind: number, payload: Buffer) => void;

/** Those attached to a terminal: all are shown what is printed, all may type. */
export class Viewers {
  readonly #sockets = new Set<Socket>();
  readonly #onFrame: OnFrame;
  readonly #onDrain: () => void;
  #tail = Buffer.alloc(0);

  /** @param onDrain is called when the slowest has caught up */
  constructor(onFrame: OnFrame, onDrain: () => void) {
    this.#onFrame = onFrame;
    this.#onDrain = onDrain;
  }

  get count(): number {
    return this.#sockets.size;
  }

  /** Whether one is so far behind that nothing more is to be read for now. */
  get isBehind(): boolean {
    return [...this.#sockets].some(({ writableLength }) => writableLength > backlogBytesMax);
  }

  /**
   * Attaches one. What was printed last comes first.
   *
   * @param reader one that may hold half of what it has said already
   */
  add(socket: Socket, reader: FrameReader = new FrameReader()): void {
    this.#sockets.add(socket);
    socket
      .on('data', (chunk: Buffer) => {
        try {
          reader.push(chunk, this.#onFrame);
        } catch {
          socket.destroy();
        }
      })
      .on('drain', this.#onDrain)
      // A viewer that is gone is no trouble of the command's.
      .on('error', () => undefined)
      .on('close', () => {
        this.#sockets.delete(socket);
        this.#onDrain();
      });
    if (this.#tail.length > 0) socket.write(frame(frameKinds.output, this.#tail));
  }

  /** Shows what was printed. */
  show(chunk: Uint8Array): void {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    this.send(frameKinds.output, chunk);
  }

  send(kind: FrameKind, payload?: string | Uint8Array): void {
    if (this.#sockets.size === 0) return;
    const message = frame(kind, payload);
    for (const socket of this.#sockets) socket.write(message);
  }

  /** Lets them go, once all has been sent. */
  async dismiss(kind: FrameKind, payload: string): Promise<void> {
    const message = frame(kind, payload);
    await Promise.all(
      [...this.#sockets].map(async (socket) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.once('close', resolve);
        socket.end(message, () => {
          resolve();
        });
        await promise;
      }),
    );
  }
}
