/**
 * What the holder of a terminal and those attached to it say to each other, on a Unix socket: a byte for the kind, four
 * for the length (little-endian), then that many bytes.
 */
export const frameKinds = {
  /** To the holder, first: what to run (Start, as JSON). */
  start: 1,
  /** To the holder: what was typed. */
  input: 2,
  /** To the holder: WindowSize, as JSON. */
  size: 3,
  /** To the holder: a signal that the attached process got, by name. */
  signal: 4,
  /** To the holder: a command that was stopped is to go on. */
  resume: 5,
  /** From the holder: what the command printed. */
  output: 16,
  /** From the holder: a line for people. */
  note: 17,
  /** From the holder: the command was stopped (Ctrl-Z). */
  stopped: 18,
  /** From the holder, last: Ended, as JSON. */
  ended: 19,
  /** From the holder: the command begins. */
  begun: 20,
} as const;

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

const headerBytes = 5;
/** What is typed, printed or told at once is far below it. */
const payloadBytesMax = 16 * 1024 * 1024;

/** A message as it goes over the socket. */
export function frame(kind: FrameKind, payload: string | Uint8Array = ''): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = kind;
  bytes.writeUInt32LE(length, 1);
  if (typeof payload === 'string') bytes.write(payload, headerBytes);
  else bytes.set(payload, headerBytes);
  return bytes;
}

/** Puts messages together again from what a socket gives. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * @param onFrame is called for each message that is complete; its payload is valid until it returns
   * @throws RangeError where the other side does not speak this
   */
  push(chunk: Buffer, onFrame: (kind: number, payload: Buffer) => void): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (this.#pending.length - at >= headerBytes) {
      const length = this.#pending.readUInt32LE(at + 1);
      if (length > payloadBytesMax) throw new RangeError(`a message of ${String(length)} bytes`);
      const end = at + headerBytes + length;
      if (end > this.#pending.length) break;
      onFrame(this.#pending[at] ?? 0, this.#pending.subarray(at + headerBytes, end));
      at = end;
    }
    this.#pending = this.#pending.subarray(at);
  }
}
