import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '#client/index.ts';

/** As `omnictl run` names a group or a scope; what the command made below it is of it too. */
const runCgroup = /^(.*\/omnimind-run-\d+-[\w-]{43}(?:\.scope)?)(?:\/|$)/;

/** What all processes of a cgroup use, and those that have ended used. */
export interface CgroupUsage {
  /** CPU time since the group was made, microseconds. */
  readonly cpuUsec: number;
  /** With the page cache that it is charged for; undefined where the tree has no memory controller. */
  readonly memoryBytes: number | undefined;
}

/** The path of a run's cgroup that a process is in; undefined: in none, or gone. */
export function runCgroupOf(pid: number): string | undefined {
  const own = /^0::(.*)$/m.exec(read(`/proc/${String(pid)}/cgroup`) ?? '')?.[1];
  return own === undefined ? undefined : runCgroup.exec(own)?.[1];
}

/**
 * The cgroups that `omnictl run` made for commands, by lease: the root's, where it lives. A lease that was taken inside of
 * it, by a process of the same group, has none of its own.
 */
export function cgroupsOf(leases: readonly Lease[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { id, identity, rootAlive } of leases) {
    const path = rootAlive ? runCgroupOf(identity.pid) : undefined;
    if (path !== undefined) found.set(id, path);
  }
  const isInside = ({ id, parentLeaseId }: Lease): boolean => {
    return parentLeaseId !== undefined && found.has(id) && found.get(parentLeaseId) === found.get(id);
  };
  const inside = new Set(leases.filter(isInside).map(({ id }) => id));
  return new Map([...found].filter(([id]) => !inside.has(id)));
}

/** Reads what a cgroup uses (cgroup-v2.rst, cpu.stat and memory.current). @returns undefined where it is gone */
export function readCgroupUsage(path: string): CgroupUsage | undefined {
  const mount = mountPoint();
  const stat = mount === undefined ? undefined : read(join(mount, path, 'cpu.stat'));
  const cpuUsec = /^usage_usec (\d+)$/m.exec(stat ?? '')?.[1];
  if (mount === undefined || cpuUsec === undefined) return undefined;
  const memory = read(join(mount, path, 'memory.current'));
  return { cpuUsec: Number(cpuUsec), memoryBytes: memory === undefined ? undefined : Number(memory) };
}

let mounted: string | undefined;

function mountPoint(): string | undefined {
  // mountinfo: after the mount point, optional fields, a hyphen, the type (proc_pid_mountinfo(5)).
  mounted ??= /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(read('/proc/self/mountinfo') ?? '')?.[1];
  return mounted;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
