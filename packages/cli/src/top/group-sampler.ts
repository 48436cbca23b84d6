import type { Lease } from '#client/index.ts';
import type { ProtectedProcess } from '#protocol/protection.ts';
import { cgroupsOf, readCgroupUsage, runCgroupOf } from '../usage/run-cgroup.ts';

/** What the cgroup of a lease's command does at a moment. */
export interface GroupSample {
  /** Of one core, since the last sample; at the first one since the group was made. Of processes that have ended too. */
  readonly cpuPercent: number;
  /** undefined: the tree has no memory controller. */
  readonly memoryBytes: number | undefined;
  /** Which processes it counts, by pid. */
  readonly holds: ReadonlySet<number>;
}

interface Before {
  readonly cpuUsec: number;
  readonly atSeconds: number;
}

/** Reads what cgroups use, a file or two for each; which processes are in them where the protected set has changed. */
export class GroupSampler {
  #before = new Map<string, Before>();
  #of: readonly unknown[] = [];
  #cgroups: ReadonlyMap<string, string> = new Map();
  #members: ReadonlyMap<string, ReadonlySet<number>> = new Map();

  /**
   * Samples.
   *
   * @param leases the same array where they have not changed
   * @param processes likewise
   * @param uptimeSeconds of the machine
   * @returns by lease id
   */
  sample(
    leases: readonly Lease[],
    processes: readonly ProtectedProcess[],
    uptimeSeconds: number,
  ): ReadonlyMap<string, GroupSample> {
    if (this.#of[0] !== leases || this.#of[1] !== processes) this.#look(leases, processes);
    const samples = new Map<string, GroupSample>();
    const now = new Map<string, Before>();
    for (const { id, grantedAt } of leases) {
      const path = this.#cgroups.get(id);
      const usage = path === undefined ? undefined : readCgroupUsage(path);
      if (path === undefined || usage === undefined) continue;
      const sinceGrant = { cpuUsec: 0, atSeconds: uptimeSeconds - (Date.now() - Date.parse(grantedAt)) / 1000 };
      const since = this.#before.get(path) ?? sinceGrant;
      const seconds = Math.max(0.01, uptimeSeconds - since.atSeconds);
      now.set(path, { cpuUsec: usage.cpuUsec, atSeconds: uptimeSeconds });
      samples.set(id, {
        cpuPercent: (usage.cpuUsec - since.cpuUsec) / 10_000 / seconds,
        memoryBytes: usage.memoryBytes,
        holds: this.#members.get(path) ?? new Set(),
      });
    }
    this.#before = now;
    return samples;
  }

  #look(leases: readonly Lease[], processes: readonly ProtectedProcess[]): void {
    this.#of = [leases, processes];
    this.#cgroups = cgroupsOf(leases);
    const members = new Map([...this.#cgroups.values()].map((path) => [path, new Set<number>()]));
    this.#members = members;
    if (members.size === 0) return;
    for (const { identity } of processes) members.get(runCgroupOf(identity.pid) ?? '')?.add(identity.pid);
  }
}
