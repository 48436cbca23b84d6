import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { reasonOf } from '../output/output.ts';
import { writeAll } from '../output/write-all.ts';
import type { Sink } from './sink.ts';

/** Command lines may hold secrets: the file is the user's own. */
const ownerOnly = 0o600;

/**
 * Rows to a file: written beside it, and renamed when all is there, so that a reader never sees half of it and a failure
 * leaves what was there before. What is no regular file (a pipe, /dev/null) is written to as it is.
 *
 * @throws CliError notPermitted where the file cannot be made
 */
export function fileSink(path: string): Sink {
  return orFail(path, () => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && !stats.isFile()) return new FileSink(openSync(path, 'w'), undefined, path);
    // A link stays one, and the file that it leads to is replaced.
    const target = stats === undefined ? path : realpathSync(path);
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
    return new FileSink(openSync(temporary, 'wx', stats === undefined ? ownerOnly : stats.mode & 0o777), temporary, target);
  });
}

/** What ends omnictl, and would leave the temporary file behind. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

class FileSink implements Sink {
  readonly isFile = true;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };
  readonly #fd: number;
  readonly #temporary: string | undefined;
  readonly #target: string;
  #isOpen = true;
  #closed = false;

  constructor(fd: number, temporary: string | undefined, target: string) {
    this.#fd = fd;
    this.#temporary = temporary;
    this.#target = target;
    for (const signal of endingSignals) process.on(signal, this.#onSignal);
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(bytes: Uint8Array): void {
    this.#closed = !orFail(this.#target, () => writeAll(this.#fd, bytes));
  }

  finish(): void {
    orFail(this.#target, () => {
      if (this.#temporary !== undefined) fsyncSync(this.#fd);
      this.#close();
      if (this.#temporary !== undefined) renameSync(this.#temporary, this.#target);
    });
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#close();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    for (const signal of endingSignals) process.off(signal, this.#onSignal);
    closeSync(this.#fd);
  }
}

function orFail<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const reason = reasonOf(error);
    const isRight = reason === 'EACCES' || reason === 'EPERM' || reason === 'EROFS';
    const isUsage = reason === 'ENOENT' || reason === 'ENOTDIR' || reason === 'EISDIR';
    const exitCode = isRight ? exitCodes.notPermitted : isUsage ? exitCodes.usage : exitCodes.tryAgain;
    throw new CliError(exitCode, `cannot write ${path}: ${reason}`, error);
  }
}
