import { existsSync } from 'node:fs';
import { moveToRunCgroup, removeRunCgroup, type RunCgroup } from '#linux/run-cgroup.ts';
import { isSystemdRun, systemdScope } from '#linux/systemd-scope.ts';
import type { HeldCommand } from './held-command.ts';
import { markerDigest } from './marker-digest.ts';
import type { RunOptions } from './run-options.ts';

/** systemd answers in milliseconds; where it does not, the command is not to wait for it. */
const systemdMsMax = 5_000;
const lookMs = 2;

/** The cgroup of a command, while it runs. */
export interface CommandCgroup {
  /** What could not be had of what was asked for, in words. */
  readonly failures: readonly string[];
  /** Removes it, unless something of the command runs still. */
  remove(): void;
}

/** A command that waits at its gate. */
export interface CommandForCgroup {
  readonly command: HeldCommand;
  /** Gives it its cgroup, where it has none yet: it is not to begin before. */
  join(): Promise<CommandCgroup>;
}

/**
 * Makes the process of a command that waits, in a cgroup of its own: a scope of systemd's where that manages them, else
 * one made by hand where that may be, else none.
 *
 * @param hold makes the process, behind the words that are to start it
 * @param marker of the lease that it is to get
 */
export async function holdInCgroup(
  hold: (prefix: readonly string[]) => Promise<HeldCommand>,
  options: RunOptions,
  marker: string,
): Promise<CommandForCgroup> {
  const { memoryHigh, cpuWeight } = options;
  const scope = systemdScope(() => `omnimind-run-${String(process.pid)}-${markerDigest(marker)}`, {
    memoryHighBytes: memoryHigh,
    cpuWeight,
  });
  if (scope !== undefined) {
    const command = await hold(scope);
    if (await hasItsScope(command)) {
      return { command, join: async () => await Promise.resolve({ failures: [], remove: () => undefined }) };
    }
  }
  const command = await hold([]);
  return { command, join: async () => await giveCgroup(command.pid, options, marker) };
}

/** Waits until systemd-run has become the held process; no event tells of that. @returns false where it did not */
async function hasItsScope(command: HeldCommand): Promise<boolean> {
  const deadline = performance.now() + systemdMsMax;
  while (isSystemdRun(command.pid) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  if (isSystemdRun(command.pid)) command.signal('SIGKILL');
  else if (!command.hasEnded && !(await isOver(command))) return true;
  await command.ended;
  return false;
}

/** One that has just ended, and was not told of yet, is no program any more. */
async function isOver(command: HeldCommand): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  return command.hasEnded || !existsSync(`/proc/${String(command.pid)}/exe`);
}

/**
 * Gives a command that waits at its gate a cgroup of its own, where one may be made: what it starts can be told from what
 * others do, and limited with it.
 *
 * @param pid of the process that waits
 */
async function giveCgroup(pid: number, { memoryHigh, cpuWeight }: RunOptions, marker: string): Promise<CommandCgroup> {
  const made = await moveToRunCgroup(pid, markerDigest(marker), { memoryHighBytes: memoryHigh, cpuWeight });
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
