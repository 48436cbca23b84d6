import type { ExitWatcher } from '#linux/exit-watcher.ts';
import type { Pidfd } from '#linux/pidfd.ts';

/** How a wait for a process ended: with the process, with the time, or with the server. */
export type ExitWait = 'exited' | 'over' | 'stopping';

/**
 * Waits for a process to exit.
 *
 * @param pidfd one that nobody else watches
 * @param waitMs at most so long
 * @param stopping ends the wait early
 */
export async function waitForExit(
  watcher: ExitWatcher,
  pidfd: Pidfd,
  waitMs: number,
  stopping: AbortSignal,
): Promise<ExitWait> {
  const { promise, resolve } = Promise.withResolvers<ExitWait>();
  const stop = (): void => {
    resolve('stopping');
  };
  watcher.watch(pidfd, () => {
    resolve('exited');
  });
  const timer = setTimeout(() => {
    // A loop that was held up sees the timer first, and the exit, which came before it, only then.
    resolve(pidfd.alive() ? 'over' : 'exited');
  }, waitMs);
  stopping.addEventListener('abort', stop);
  try {
    if (stopping.aborted) stop();
    return await promise;
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
    watcher.unwatch(pidfd);
  }
}
