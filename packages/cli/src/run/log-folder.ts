import { readdirSync, readlinkSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '#client/paths.ts';

/** Every bound of the logs that omnictl names itself. What was named with --log is never removed. */
export const logBounds = {
  filesMax: 200,
  bytesMax: 2 ** 30,
} as const;

/** The folder of the logs of runs. */
export function logFolder(): string {
  return join(stateFolder(), 'logs', 'runs');
}

/** The name of a run's log: `cycles-20261124T094633Z-4242.log`. They sort by time within a label. */
export function logName(label: string, at: Date, pid: number): string {
  const name = label.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^[.-]+/, '') || 'run';
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${name.slice(0, 64)}-${time}-${String(pid)}.log`;
}

interface Candidate {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Removes the oldest logs beyond the bounds; never one that a process still has open (a run whose wrapper was killed, or
 * what a command left running). A failure is no one's trouble: the next run tries again.
 *
 * @param limits filesMax, bytesMax
 */
export function pruneLogs(
  folder: string = logFolder(),
  limits: { readonly filesMax: number; readonly bytesMax: number } = logBounds,
): void {
  try {
    const surplus = surplusOf(readLogs(folder), limits);
    if (surplus.length === 0) return;
    const open = openFiles(folder);
    for (const { path } of surplus) if (!open.has(path)) unlinkSync(path);
  } catch {
    // Another run may have removed it first.
  }
}

/** The oldest, beyond what may stay. */
function surplusOf(
  logs: readonly Candidate[],
  { filesMax, bytesMax }: { readonly filesMax: number; readonly bytesMax: number },
): readonly Candidate[] {
  let files = 0;
  let bytes = 0;
  return logs
    .toSorted((one, other) => other.mtimeMs - one.mtimeMs)
    .filter(({ size }) => {
      files += 1;
      bytes += size;
      return files > filesMax || bytes > bytesMax;
    });
}

function readLogs(folder: string): readonly Candidate[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, size: stats.size, mtimeMs: stats.mtimeMs }];
  });
}

/** Files of the folder that a process of ours has open, by what /proc lets us see. */
function openFiles(folder: string): ReadonlySet<string> {
  const open = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const path of linksIn(`/proc/${pid}/fd`)) if (path.startsWith(`${folder}/`)) open.add(path);
  }
  return open;
}

function linksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(join(folder, name))];
      } catch {
        return [];
      }
    });
  } catch {
    // Another's, or gone.
    return [];
  }
}
