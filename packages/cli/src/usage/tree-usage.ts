import type { Client, Lease } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { readProcessUsage, uptimeSeconds } from './process-usage.ts';

/** What the live processes of a lease use, those of the leases inside it among them. */
export interface TreeUsage {
  readonly pids: readonly number[];
  readonly cpuPercent: number;
  readonly memoryBytes: number;
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
 * Adds up what each lease's tree uses.
 *
 * @param leases with their parents: a process counts for its innermost lease, and for those around that
 * @returns by lease id; leases without a live process are not in it
 */
export function usageByLease(leases: readonly Lease[], processes: readonly ProtectedProcess[]): ReadonlyMap<string, TreeUsage> {
  const parents = new Map(leases.map((lease) => [lease.id, lease.parentLeaseId]));
  const uptime = uptimeSeconds();
  const sums = new Map<string, { pids: number[]; cpuPercent: number; memoryBytes: number }>();
  for (const { identity, leaseId } of processes) {
    const usage = readProcessUsage(identity, uptime);
    if (usage === undefined) continue;
    for (const id of withParents(leaseId, parents)) {
      const sum = sums.get(id) ?? { pids: [], cpuPercent: 0, memoryBytes: 0 };
      sum.pids.push(identity.pid);
      sum.cpuPercent += usage.cpuPercent;
      sum.memoryBytes += usage.memoryBytes;
      sums.set(id, sum);
    }
  }
  return sums;
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
