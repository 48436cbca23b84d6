import { closeSync, constants, openSync } from 'node:fs';
import { EAGAIN, SystemCallError } from './errno.ts';
import { ioctl, readFile, watchReadable, type LoopWatch } from './ffi.ts';

const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;
const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;

/** A chunk of what was printed; valid until the next one is read. */
export type OnOutput = (chunk: Uint8Array) => void;

const CHUNK_BYTES = 64 * 1024;
/** Read in one turn of the loop: what else waits has its turn too. */
const CHUNKS_PER_TURN = 16;

/** The holder's side of a pseudoterminal (pty(7)). */
export class Pty {
  /** The side that programs have. */
  readonly path: string;
  readonly fd: number;
  readonly #buffer = new Uint8Array(CHUNK_BYTES);
  readonly #onOutput: OnOutput;
  readonly #onQuiet: () => void;
  #watch: LoopWatch | undefined;

  /**
   * @param onOutput is called with what programs print, while it is read
   * @param onQuiet when no program has the terminal any more: until one opens it there is nothing to read
   * @throws SystemCallError, or the error of open(2), where there is no pty to be had
   */
  constructor(onOutput: OnOutput, onQuiet: () => void) {
    this.#onOutput = onOutput;
    this.#onQuiet = onQuiet;
    this.fd = openSync('/dev/ptmx', O_RDWR | O_NOCTTY | O_NONBLOCK);
    try {
      this.path = `/dev/pts/${String(unlock(this.fd))}`;
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  /** Opens the programs' side. The leader of a session that has no terminal gets it as its controlling one. */
  openTerminal(): number {
    return openSync(this.path, O_RDWR);
  }

  get isReading(): boolean {
    return this.#watch !== undefined;
  }

  /** Reads from now on, whenever there is something. */
  resume(): void {
    this.#watch ??= watchReadable(this.fd, () => {
      if (this.#watch !== undefined) this.#read(CHUNKS_PER_TURN);
    });
  }

  /** Reads no more for now: programs that print come to a halt. */
  pause(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  /** Reads all that was printed until now: the kernel hands over what is on its way before it says that there is nothing. */
  drain(): void {
    this.#read(Number.POSITIVE_INFINITY);
  }

  #read(chunksMax: number): void {
    for (let chunk = 0; chunk < chunksMax; chunk += 1) {
      const outcome = readFile(this.fd, this.#buffer, CHUNK_BYTES);
      if (outcome === -EAGAIN) return;
      if (outcome <= 0) {
        // EIO: the last descriptor of the other side is closed. It would be readable for ever.
        this.pause();
        this.#onQuiet();
        return;
      }
      this.#onOutput(this.#buffer.subarray(0, outcome));
    }
  }

  /** The programs that still have the terminal are hung up (SIGHUP). */
  close(): void {
    this.pause();
    closeSync(this.fd);
  }
}

/** @returns the number of the programs' side */
function unlock(fd: number): number {
  const word = new Int32Array(1);
  const bytes = new Uint8Array(word.buffer);
  for (const [name, request] of [
    ['TIOCSPTLCK', TIOCSPTLCK],
    ['TIOCGPTN', TIOCGPTN],
  ] as const) {
    const outcome = ioctl(fd, request, bytes);
    if (outcome < 0) throw new SystemCallError(`ioctl ${name}`, -outcome, '/dev/ptmx');
  }
  return word[0] ?? 0;
}
