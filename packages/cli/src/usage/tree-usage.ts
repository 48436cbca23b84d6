import type { Client, Lease } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { readProcessUsage, uptimeSeconds } from './process-usage.ts';
import { cgroupsOf, readCgroupUsage, runCgroupOf } from './run-cgroup.ts';

/** What the live processes of a lease use, those of the leases inside it among them. */
export interface TreeUsage {
  readonly pids: readonly number[];
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** Less than a tick of the CPU clock says nothing. */
const lifeMsMin = 10;

interface Sum {
  readonly pids: number[];
  cpuPercent: number;
  memoryBytes: number;
}

/** Reads the whole protected set, a page after the other. */
export async function readProtected(client: Client): Promise<readonly ProtectedProcess[]> {
  const all: ProtectedProcess[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('protection.snapshot', {
      limit: bounds.pageRowsMax,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.processes);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/**
 * Adds up what each lease's tree uses. Where `run` made a cgroup for it, that tells of the processes in it, of those that have
 * ended too; the others are added.
 *
 * @param leases with their parents: a process counts for its innermost lease, and for those around that
 * @returns by lease id; leases without a live process are not in it
 */
export function usageByLease(leases: readonly Lease[], processes: readonly ProtectedProcess[]): ReadonlyMap<string, TreeUsage> {
  const parents = new Map(leases.map((lease) => [lease.id, lease.parentLeaseId]));
  const uptime = uptimeSeconds();
  const sums = new Map<string, Sum>();
  const cgroups = cgroupsOf(leases);
  const groups = readGroups(leases, cgroups);
  for (const { identity, leaseId } of processes) {
    const usage = readProcessUsage(identity, uptime);
    if (usage === undefined) continue;
    const inCgroup = cgroups.size === 0 ? undefined : runCgroupOf(identity.pid);
    for (const id of withParents(leaseId, parents)) {
      const sum = sums.get(id) ?? { pids: [], cpuPercent: 0, memoryBytes: 0 };
      sums.set(id, sum);
      sum.pids.push(identity.pid);
      const whole = inCgroup === undefined ? undefined : groups.get(id);
      const isCounted = whole !== undefined && cgroups.get(id) === inCgroup;
      if (!isCounted) sum.cpuPercent += usage.cpuPercent;
      if (!isCounted || whole.memoryBytes === undefined) sum.memoryBytes += usage.memoryBytes;
    }
  }
  for (const [id, sum] of sums) addGroup(sum, groups.get(id));
  return sums;
}

function addGroup(sum: Sum, group: Whole | undefined): void {
  sum.cpuPercent += group?.cpuPercent ?? 0;
  sum.memoryBytes += group?.memoryBytes ?? 0;
}

/** What a lease's cgroup uses. */
interface Whole {
  readonly cpuPercent: number;
  readonly memoryBytes: number | undefined;
}

/** CPU of one core, averaged since the lease was granted, when the group was made. */
function readGroups(leases: readonly Lease[], cgroups: ReadonlyMap<string, string>): ReadonlyMap<string, Whole> {
  const groups = new Map<string, Whole>();
  for (const { id, grantedAt } of leases) {
    const path = cgroups.get(id);
    const usage = path === undefined ? undefined : readCgroupUsage(path);
    if (usage === undefined) continue;
    const lifeMs = Math.max(lifeMsMin, Date.now() - Date.parse(grantedAt));
    groups.set(id, { cpuPercent: usage.cpuUsec / 10 / lifeMs, memoryBytes: usage.memoryBytes });
  }
  return groups;
}

/** A lease and all that it lies in, itself first. */
export function withParents(
  leaseId: string | undefined,
  parents: ReadonlyMap<string, string | undefined>,
): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let id = leaseId; id !== undefined && !ids.has(id); id = parents.get(id)) ids.add(id);
  return ids;
}
