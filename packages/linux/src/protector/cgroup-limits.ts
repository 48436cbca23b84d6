import { readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { hasPureCgroup2 } from '../own-cgroup.ts';
import { readCgroup } from '../proc-text.ts';

const CGROUP_ROOT = '/sys/fs/cgroup';
const files = { cpu: 'cpu.max', memory: 'memory.high', swap: 'memory.swap.max' } as const;
export type CgroupLimit = keyof typeof files;

/** What was set, and how it is taken back. */
export interface SetLimit {
  readonly path: string;
  /** Which limit, by the kernel's name. */
  readonly file: string;
  readonly text: string;
  /** Writes what was there before. @returns false where that is not to be had any more */
  undo(): boolean;
}

/** The cgroup of a process, where v2 is the only hierarchy and it is not the root. @returns undefined: none to limit */
export function limitableCgroup(pid: number): string | undefined {
  if (!hasPureCgroup2()) return undefined;
  const path = readCgroup(pid);
  return path === undefined || path === '/' || path.startsWith('/..') ? undefined : path;
}

/** The processes of a cgroup itself, without those of groups below it. @returns none where it cannot be read */
export function cgroupProcesses(path: string): readonly number[] {
  return (read(path, 'cgroup.procs') ?? '').split('\n').filter(Boolean).map(Number);
}

/** Has it groups below it? Their processes would be limited too. */
export function hasGroupsBelow(path: string): boolean {
  return !/^nr_descendants 0$/m.test(read(path, 'cgroup.stat') ?? '');
}

/** What its processes hold in memory, or in the swap, bytes. @returns undefined where the memory controller is not on for it */
export function cgroupBytes(path: string, where: 'memory' | 'memory.swap'): number | undefined {
  const text = read(path, `${where}.current`);
  return text === undefined ? undefined : Number(text);
}

/** How long tasks of a cgroup have waited for memory in all, microseconds: some of them, and all of them at once. */
export interface MemoryStall {
  readonly someUs: number;
  readonly fullUs: number;
}

/** @returns undefined where it is not told: no PSI, or the group is gone */
export function cgroupMemoryStall(path: string): MemoryStall | undefined {
  const [, some, full] = /^some .*total=(\d+)\nfull .*total=(\d+)$/m.exec(read(path, 'memory.pressure') ?? '') ?? [];
  return some === undefined || full === undefined ? undefined : { someUs: Number(some), fullUs: Number(full) };
}

/**
 * Limits a cgroup (Documentation/admin-guide/cgroup-v2.rst): `cpu.max` as `quota period`, `memory.high` in bytes, above
 * which its processes are slowed and their memory is reclaimed, and nobody is killed; `memory.swap.max` in bytes, beyond which
 * nothing of them goes to the swap.
 * @returns undefined where the controller is not on, or this process has not the right
 */
export function setCgroupLimit(path: string, limit: CgroupLimit, text: string): SetLimit | undefined {
  const before = read(path, files[limit])?.trim();
  if (before === undefined || !write(path, files[limit], text)) return undefined;
  return { path, file: files[limit], text, undo: () => write(path, files[limit], before) };
}

function read(path: string, file: string): string | undefined {
  try {
    return readFileSync(posix.join(CGROUP_ROOT, path, file), 'latin1');
  } catch {
    return undefined;
  }
}

function write(path: string, file: string, text: string): boolean {
  try {
    writeFileSync(posix.join(CGROUP_ROOT, path, file), text);
    return true;
  } catch {
    return false;
  }
}
