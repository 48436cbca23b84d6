import type { Lease } from '#client/index.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { withParents } from '../usage/tree-usage.ts';
import type { GroupSample } from './group-sampler.ts';
import type { TopRow } from './model.ts';
import { keyOf, type ProcessSample } from './usage-sampler.ts';

/**
 * Puts processes to the leases that protect them: each counts for its innermost lease, and for those around that. What
 * no lease but a rule protects has a row of that rule's. What a lease's cgroup counts is told by that, of ended processes too.
 */
export function rowsOf(
  leases: readonly Lease[],
  processes: readonly ProtectedProcess[],
  samples: ReadonlyMap<string, ProcessSample>,
  cgroups: ReadonlyMap<string, GroupSample> = new Map(),
): readonly TopRow[] {
  const parents = new Map(leases.map((lease) => [lease.id, lease.parentLeaseId]));
  const groups = new Map<string, ProcessSample[]>(leases.map(({ id }) => [id, []]));
  for (const { identity, leaseId, rule } of processes) {
    const sample = samples.get(keyOf(identity));
    if (sample === undefined) continue;
    const keys = leaseId === undefined ? [`rule:${rule ?? ''}`] : withParents(leaseId, parents);
    for (const key of keys) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [sample]);
      else group.push(sample);
    }
  }
  const byId = new Map(leases.map((lease) => [lease.id, lease]));
  return [...groups].map(([key, group]) => rowOf(key, byId.get(key), group, cgroups.get(key)));
}

function rowOf(
  key: string,
  lease: Lease | undefined,
  processes: readonly ProcessSample[],
  group: GroupSample | undefined,
): TopRow {
  let [cpuPercent, memoryBytes] = [group?.cpuPercent ?? 0, group?.memoryBytes ?? 0];
  for (const sample of processes) {
    const isCounted = group?.holds.has(sample.pid) === true;
    if (!isCounted) cpuPercent += sample.cpuPercent;
    if (!isCounted || group.memoryBytes === undefined) memoryBytes += sample.memoryBytes;
  }
  const label = lease === undefined ? key.replace(':', ' ') : (lease.label ?? '-');
  return { key, label, ...(lease === undefined ? {} : { lease }), processes, cpuPercent, memoryBytes };
}
