import type { Output } from '../output/output.ts';

/** Where rows go. Disposed of before it is finished it leaves no trace. */
export interface Sink extends Disposable {
  /** Nobody reads any more: the stream may stop. */
  readonly closed: boolean;
  write(text: string): void;
  /** All is written. */
  finish(): void;
}

/** Rows to stdout. */
export function stdoutSink(output: Output): Sink {
  return {
    get closed() {
      return output.closed;
    },
    write: (text) => {
      output.write(text);
    },
    finish: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}
