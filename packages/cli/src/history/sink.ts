import { fstatSync } from 'node:fs';
import type { Output } from '../output/output.ts';

const stdout = 1;

/** Where rows go. Disposed of before it is finished it leaves no trace. */
export interface Sink extends Disposable {
  /** Nobody sees the rows: they go to a file. */
  readonly isFile: boolean;
  /** Nobody reads any more: the stream may stop. */
  readonly closed: boolean;
  write(bytes: Uint8Array): void;
  /** All is written. */
  finish(): void;
}

/** Rows to stdout. */
export function stdoutSink(output: Output): Sink {
  return {
    isFile: fstatSync(stdout).isFile(),
    get closed() {
      return output.closed;
    },
    write: (bytes) => {
      output.write(bytes);
    },
    finish: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}
