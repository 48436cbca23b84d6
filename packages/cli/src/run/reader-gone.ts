import { readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import type { LogFile } from './log-files.ts';

/**
 * Does what a pipe does whose reader has left: whoever writes gets SIGPIPE. The command writes to a file, so omnictl
 * sends it: `omnictl run -- yes | head -1` ends. Who ignores SIGPIPE goes on, into the log.
 *
 * @param log the writers are the processes that have it as the stream that it shows
 */
export async function endWriters({ fd, shownBy }: LogFile): Promise<void> {
  const { openPidfd } = await import('#linux/pidfd.ts');
  const log = statSync(`/proc/self/fd/${String(fd)}`);
  const isLog = (path: string): boolean => {
    const stats = lookAt(path);
    return stats !== undefined && stats.dev === log.dev && stats.ino === log.ino;
  };
  for (const name of readdirSync('/proc')) {
    const stream = `/proc/${name}/fd/${String(shownBy)}`;
    if (!/^\d+$/.test(name) || Number(name) === process.pid || !isLog(stream)) continue;
    using pidfd = openPidfd(Number(name));
    // Held, and looked at again: it is the process that has the log.
    if (pidfd !== undefined && isLog(stream)) pidfd.sendSignal(constants.signals.SIGPIPE);
  }
}

function lookAt(path: string): { readonly dev: number; readonly ino: number } | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
