import type { Output } from '../output/output.ts';

/** Where rows go. Disposed of before it is finished it leaves no trace. */
export interface Sink extends Disposable {
  /** Nobody reads any more: the stream may stop. */
  readonly closed: boolean;
  write(bytes: Uint8Array): void;
  /** All is written. */
  finish(): void;
}

/** Rows to stdout. */
export function stdoutSink(output: Output): Sink {
  return {
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
