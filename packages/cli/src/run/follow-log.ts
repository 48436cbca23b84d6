import { fstatSync, read, watch, write, type FSWatcher } from 'node:fs';
import type { LogFile } from './log-files.ts';

function readAt(fd: number, buffer: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, length, position, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}

function writeTo(fd: number, buffer: Buffer, from: number, length: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, buffer, from, length, null, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}

/**
 * As much as is in memory at a time, whatever the command writes and however slowly it is read. Each copy leaves garbage
 * behind, the same for a small chunk.
 */
const chunkBytes = 1024 * 1024;

/** From here on it is worth a look at what memory is taken for nothing. */
const muchBytes = 8 * 1024 * 1024;

/**
 * From one look at a log that grows to the next. A watch tells of each write, and a command that writes fast would spend
 * its time on waking us: while it writes, nothing is watched.
 */
const paceMs = 8;

/** Where the kernel has no watch left to give. */
const pollMs = 100;

/** Shows a log while it grows. */
export interface LogFollower {
  /** Shows all that is there by now. The log may grow on: what a command left running writes. */
  catchUp(): Promise<void>;
  /** Looks no longer whether it grows. */
  stop(): void;
}

/**
 * Copies what is appended to a log to the descriptor that shows it, as it comes. Reads and writes run in the thread
 * pool: a reader that does not read holds up the copy, and neither signals nor the command.
 *
 * @param onReaderGone called at each growth once nobody reads any more (EPIPE)
 */
export function followLog(log: LogFile, onReaderGone: () => void): LogFollower {
  return new Follower(log, onReaderGone);
}

class Follower implements LogFollower {
  readonly #log: LogFile;
  readonly #onReaderGone: () => void;
  readonly #buffer = Buffer.allocUnsafeSlow(chunkBytes);
  /** Ends the wait for growth, whichever it is: a watch, or the time to the next look. */
  #stopWaiting: () => void = () => undefined;
  #isStopped = false;
  #position: number;
  /** Where to stop; undefined: never. */
  #limit: number | undefined;
  #isGone = false;
  #keepsHeapSmall = false;
  #copying: Promise<void> | undefined;

  constructor(log: LogFile, onReaderGone: () => void) {
    this.#log = log;
    this.#onReaderGone = onReaderGone;
    this.#position = log.from;
    this.#watch();
  }

  async catchUp(): Promise<void> {
    // What a command left running may write on for ever.
    this.#limit = this.#end();
    // The copy that runs may have looked before the last of it came.
    await this.#copying;
    await this.#copy();
    this.#limit = undefined;
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopWaiting();
  }

  /** Waits for growth: what comes first is shown at once. */
  #watch(): void {
    if (this.#isStopped) return;
    this.#stopWaiting = watchFile(this.#log.path, () => {
      if (this.#end() !== this.#position) this.#follow();
    });
    // What came before the watch.
    if (this.#end() !== this.#position) this.#follow();
  }

  /** Copies, and looks again after a while, for as long as it grows. */
  #follow(): void {
    this.#stopWaiting();
    void this.#copy().then(() => {
      if (this.#isStopped) return;
      const timer = setTimeout(() => {
        if (this.#end() === this.#position) this.#watch();
        else this.#follow();
      }, paceMs).unref();
      this.#stopWaiting = () => {
        clearTimeout(timer);
      };
    });
  }

  /** Copies up to the end. One at a time: the end that is read after the last change is the end. */
  async #copy(): Promise<void> {
    this.#copying ??= this.#copyToEnd().finally(() => {
      this.#copying = undefined;
    });
    await this.#copying;
  }

  /** To what is the end now: what comes meanwhile is for the next look. */
  async #copyToEnd(): Promise<void> {
    const end = this.#end();
    let bytesRead = 1;
    // Nothing is read where somebody has emptied it meanwhile.
    while (this.#position < end && !this.#isGone && bytesRead > 0) {
      if (this.#position - this.#log.from > muchBytes) await this.#keepHeapSmall();
      bytesRead = await this.#copyChunk(Math.min(chunkBytes, end - this.#position));
    }
    if (!this.#isGone) return;
    if (this.#position < end) this.#onReaderGone();
    this.#position = end;
  }

  /** What a copy leaves behind is small and short-lived: V8 would make ever more room for it. */
  async #keepHeapSmall(): Promise<void> {
    if (this.#keepsHeapSmall) return;
    this.#keepsHeapSmall = true;
    const { keepHeapSmall } = await import('../history/small-heap.ts');
    keepHeapSmall();
  }

  #end(): number {
    const { size } = fstatSync(this.#log.fd);
    // Emptied by somebody: what comes is written at its start.
    if (size < this.#position) this.#position = 0;
    return Math.min(size, this.#limit ?? size);
  }

  /** @returns how many bytes there were */
  async #copyChunk(length: number): Promise<number> {
    const bytesRead = await readAt(this.#log.fd, this.#buffer, length, this.#position);
    let written = 0;
    while (written < bytesRead) {
      try {
        written += await writeTo(this.#log.shownBy, this.#buffer, written, bytesRead - written);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EAGAIN') {
          // Some parents hand down a pipe that does not block.
          await new Promise((wake) => setTimeout(wake, 1));
        } else {
          // EPIPE: the reader left; EIO: the terminal did; ENOSPC: the caller's file is full. The log has it all.
          this.#isGone = true;
          this.#onReaderGone();
          break;
        }
      }
    }
    this.#position += bytesRead;
    return bytesRead;
  }
}

/** @returns stops it */
function watchFile(path: string, onChange: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const poll = (): void => {
    timer ??= setInterval(onChange, pollMs).unref();
  };
  try {
    watcher = watch(path, { persistent: false }, onChange).on('error', poll);
  } catch {
    // fs.inotify.max_user_watches or max_user_instances.
    poll();
  }
  return () => {
    watcher?.close();
    clearInterval(timer);
  };
}
