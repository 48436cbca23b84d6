import { moveToRunCgroup, removeRunCgroup, type RunCgroup } from '#linux/run-cgroup.ts';
import type { RunOptions } from './run-options.ts';

/** The cgroup of a command, while it runs. */
export interface CommandCgroup {
  /** What could not be had of what was asked for, in words. */
  readonly failures: readonly string[];
  /** Removes it, unless something of the command runs still. */
  remove(): void;
}

/**
 * Gives a command that waits at its gate a cgroup of its own, where one may be made: what it starts can be told from what
 * others do, and limited with it.
 *
 * @param pid of the process that waits
 */
export function giveCgroup(pid: number, { memoryHigh, cpuWeight }: RunOptions): CommandCgroup {
  const made = moveToRunCgroup(pid, { memoryHighBytes: memoryHigh, cpuWeight });
  if (!('reason' in made)) return ofGroup(made);
  // Without a limit that was asked for it is no one's loss.
  const isMissed = memoryHigh !== undefined || cpuWeight !== undefined;
  return {
    failures: isMissed ? [`runs without a cgroup of its own, and without its limits: ${made.reason}`] : [],
    remove: () => undefined,
  };
}

function ofGroup({ folder, failures }: RunCgroup): CommandCgroup {
  return {
    failures: failures.map((failure) => `runs without a limit: ${failure}`),
    remove: () => {
      removeRunCgroup(folder);
    },
  };
}
