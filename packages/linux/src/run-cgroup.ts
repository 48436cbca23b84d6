/**
 * A cgroup of a command's own (cgroups(7), version 2). With node:fs alone: what runs a command has no time to load the
 * system calls that Node lacks.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  write,
  writeFileSync,
} from 'node:fs';
import { posix } from 'node:path';

/** What a group of a command's is called: the command's pid, and its mark. */
const PREFIX = 'omnimind-run-';
/** Whoever's number is written to it is moved there, with all its threads. */
const PROCS = 'cgroup.procs';

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
 * Begins what a move to another group waits for: the kernel holds up forks, and lets all processors pass once before it
 * does (cgroup_threadgroup_rwsem; 10 to 20 ms). A move that follows soon finds that done. It is a move of this process to
 * where it is, which changes nothing; where that is not allowed, the first move waits as long as it must.
 */
export function prepareMove(): void {
  const mount = mountPoint();
  const own = cgroupOf(process.pid);
  if (mount === undefined || own === undefined) return;
  move(process.pid, posix.join(mount, own)).catch(() => undefined);
}

/**
 * Moves a process to a new group beside its own. Nothing is changed where that cannot be had.
 *
 * @param pid has done nothing yet: what it starts is born in the group
 * @param mark digest of the secret of its lease: it becomes part of the name, by which the server knows whose group it is
 * @returns the group; or why there is none, in words
 */
export async function moveToRunCgroup(
  pid: number,
  mark: string,
  limits: CgroupLimits,
): Promise<RunCgroup | { readonly reason: string }> {
  const mount = mountPoint();
  const own = cgroupOf(pid);
  if (mount === undefined) return { reason: 'no cgroup v2 is mounted' };
  if (own === undefined) return { reason: 'the process is gone' };
  if (own.startsWith('/..')) return { reason: 'the process is outside of its cgroup namespace' };
  const parent = own === '/' ? own : posix.dirname(own);
  const path = posix.join(parent, `${PREFIX}${String(pid)}-${mark}`);
  const folder = posix.join(mount, path);
  try {
    removeOld(posix.join(mount, parent));
    mkdirSync(folder);
  } catch (error) {
    return { reason: wordsOf(error) };
  }
  try {
    const failures = limit(posix.join(mount, parent), folder, limits);
    await move(pid, folder);
    return { path, folder, failures };
  } catch (error) {
    rmdirSync(folder);
    return { reason: wordsOf(error) };
  }
}

/** In the thread pool: the kernel may take its time. One call, so that it waits for no turn of a loop that is busy. */
async function move(pid: number, folder: string): Promise<void> {
  const procs = openSync(posix.join(folder, PROCS), 'w');
  try {
    await new Promise<void>((resolve, reject) => {
      write(procs, String(pid), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  } finally {
    closeSync(procs);
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

/**
 * The same for who knows its path alone, as /proc/PID/cgroup says it.
 *
 * @param path of a group that `moveToRunCgroup` made
 */
export function removeRunCgroupAt(path: string): void {
  const mount = mountPoint();
  if (mount !== undefined && posix.basename(path).startsWith(PREFIX)) removeRunCgroup(posix.join(mount, path));
}

/** Groups of commands whose omnictl was killed: their number is no process's now, and nothing is in them. */
function removeOld(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^(\d+)(?:-[\w-]+)?$/.exec(name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '')?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeRunCgroup(posix.join(parent, name));
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

/** @returns undefined where the process is gone, or a kernel without version 2 has no line for it */
function cgroupOf(pid: number): string | undefined {
  try {
    return /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
