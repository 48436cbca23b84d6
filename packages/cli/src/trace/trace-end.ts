/** What ends a trace; disposed of, it waits for nothing more. */
export interface TraceEnd extends Disposable {
  readonly promise: Promise<undefined>;
}

/** @param durationMs undefined: never */
export function timeOut(durationMs: number | undefined): TraceEnd {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer =
    durationMs === undefined
      ? undefined
      : setTimeout(() => {
          resolve(undefined);
        }, durationMs);
  return {
    promise,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The end of a trace of the machine: its time, or whoever asks it to end (Ctrl-C): it has its summary to tell. */
export function machineEnd(durationMs: number | undefined): TraceEnd {
  const time = timeOut(durationMs);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const end = (): void => {
    resolve(undefined);
  };
  for (const signal of endings) process.once(signal, end);
  return {
    promise: Promise.race([time.promise, promise]),
    [Symbol.dispose]: () => {
      time[Symbol.dispose]();
      for (const signal of endings) process.off(signal, end);
    },
  };
}
