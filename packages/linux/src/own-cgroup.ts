import { mkdirSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { readCgroup } from './proc-text.ts';

const CGROUP_ROOT = '/sys/fs/cgroup';
/** CGROUP2_SUPER_MAGIC, include/uapi/linux/magic.h. */
const CGROUP2_MAGIC = 0x63677270;

/** Where we are now, as a path in the cgroup tree; or why we stayed where we were. */
export type CgroupMove = { readonly path: string } | { readonly reason: string };

/** Is cgroup v2 the only hierarchy, mounted where every host has it (cgroups(7))? */
export function hasPureCgroup2(): boolean {
  try {
    return statfsSync(CGROUP_ROOT).type === CGROUP2_MAGIC;
  } catch {
    return false;
  }
}

/**
 * Moves this process out of the cgroup of whoever started it, into one of its own beside it: a terminal's scope that is
 * stopped or out of memory then does not take a server along. Nothing is changed where that cannot be had. The group
 * stays behind, empty, when the process ends (it cannot be removed from within) and serves the next one of that name.
 * @param name the group's name, one part of a path
 * @throws RangeError where the name is none
 */
export function moveToOwnCgroup(name: string): CgroupMove {
  if (!/^[A-Za-z0-9_@-][A-Za-z0-9_.@-]*$/.test(name)) throw new RangeError(`not a cgroup's name: ${name}`);
  if (!hasPureCgroup2()) return { reason: 'cgroup v2 is not the only hierarchy here' };
  const own = readCgroup(process.pid);
  if (own === undefined || own === '/') return { reason: 'this process is in the root cgroup' };
  if (own.startsWith('/..')) return { reason: 'this process is outside of its cgroup namespace' };
  const path = posix.join(posix.dirname(own), name);
  return path === own ? { path } : move(path);
}

function move(path: string): CgroupMove {
  const folder = posix.join(CGROUP_ROOT, path);
  let created = false;
  try {
    created = mkdirSync(folder, { recursive: true }) !== undefined;
    // 0 is the writer, whatever its pid is called in the namespace of the mount.
    writeFileSync(posix.join(folder, 'cgroup.procs'), '0');
    return { path };
  } catch (error) {
    if (created) rmdirSync(folder);
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
