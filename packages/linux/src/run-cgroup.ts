/**
 * A cgroup of a command's own (cgroups(7), version 2). With node:fs alone: what runs a command has no time to load the
 * system calls that Node lacks.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';

const PREFIX = 'omnimind-run-';

/** What the group is to hold; absent: no limit. */
export interface CgroupLimits {
  /** memory.high: above it the group is slowed down and its memory taken back. */
  readonly memoryHighBytes?: number | undefined;
  /** cpu.weight, 1 to 10,000; others have 100. */
  readonly cpuWeight?: number | undefined;
}

/** A group that a process was moved to. */
export interface RunCgroup {
  /** As /proc/PID/cgroup says it. */
  readonly path: string;
  /** The folder that it is. */
  readonly folder: string;
  /** Limits that could not be had, in words. */
  readonly failures: readonly string[];
}

/**
 * Moves a process to a new group beside its own. Nothing is changed where that cannot be had.
 *
 * @param pid has done nothing yet: what it starts is born in the group
 * @returns the group; or why there is none, in words
 */
export function moveToRunCgroup(pid: number, limits: CgroupLimits): RunCgroup | { readonly reason: string } {
  const mount = mountPoint();
  const own = cgroupOf(pid);
  if (mount === undefined || own === undefined) return { reason: 'no cgroup v2 is mounted' };
  if (own.startsWith('/..')) return { reason: 'the process is outside of its cgroup namespace' };
  const parent = own === '/' ? own : posix.dirname(own);
  const path = posix.join(parent, `${PREFIX}${String(pid)}`);
  const folder = posix.join(mount, path);
  try {
    removeOld(posix.join(mount, parent));
    mkdirSync(folder);
  } catch (error) {
    return { reason: wordsOf(error) };
  }
  try {
    const failures = limit(posix.join(mount, parent), folder, limits);
    writeFileSync(posix.join(folder, 'cgroup.procs'), String(pid));
    return { path, folder, failures };
  } catch (error) {
    rmdirSync(folder);
    return { reason: wordsOf(error) };
  }
}

/** Removes a group, unless something of it runs still. */
export function removeRunCgroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // EBUSY: what the command left running. A later run removes it.
  }
}

/** Groups of commands whose omnictl was killed: their number is no process's now, and nothing is in them. */
function removeOld(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    if (/^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) removeRunCgroup(posix.join(parent, name));
  }
}

function limit(parent: string, folder: string, { memoryHighBytes, cpuWeight }: CgroupLimits): string[] {
  const wanted = [
    ['memory', 'memory.high', memoryHighBytes],
    ['cpu', 'cpu.weight', cpuWeight],
  ] as const;
  const failures: string[] = [];
  for (const [controller, file, value] of wanted) {
    const failure = value === undefined ? undefined : setLimit(parent, folder, controller, file, value);
    if (failure !== undefined) failures.push(`${file}: ${failure}`);
  }
  return failures;
}

function setLimit(parent: string, folder: string, controller: string, file: string, value: number): string | undefined {
  try {
    const path = posix.join(folder, file);
    // The parent has to hand the controller down; it may not, where it has processes of its own.
    if (!existsSync(path)) writeFileSync(posix.join(parent, 'cgroup.subtree_control'), `+${controller}`);
    writeFileSync(path, String(value));
    return undefined;
  } catch (error) {
    const has = readFileSync(posix.join(parent, 'cgroup.controllers'), 'latin1').split(/\s/).includes(controller);
    return has ? wordsOf(error) : `this cgroup tree has no ${controller} controller`;
  }
}

/** Where version 2 is mounted: at the top, or beside version 1. */
function mountPoint(): string | undefined {
  // mountinfo: after the mount point, optional fields, a hyphen, the type (proc_pid_mountinfo(5)).
  const line = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'latin1'));
  return line?.[1];
}

function cgroupOf(pid: number): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1];
}

function wordsOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
