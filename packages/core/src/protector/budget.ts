import type { Lease, Member } from '../lease.ts';
import type { ProcessColumns } from './process-columns.ts';
import { memoryOf, type ProcessTrends } from './process-trends.ts';

/** What the protected set holds, bytes: each member once, by how many leases it is covered. */
export function protectedBytes(members: Iterable<Member>, columns: ProcessColumns, trends: ProcessTrends): number {
  let bytes = 0;
  for (const { pid } of members) {
    const row = trends.rowOf(pid);
    if (row >= 0) bytes += memoryOf(columns, row);
  }
  return bytes;
}

/**
 * The lease that is to end first where the protected set is too large: of the lowest priority, and of these the youngest,
 * which loses least.
 *
 * @returns undefined where there is none
 */
export function leastImportant(leases: Iterable<Lease>): Lease | undefined {
  let least: Lease | undefined;
  for (const lease of leases) {
    if (lease.members.size > 0 && (least === undefined || isLess(lease, least))) least = lease;
  }
  return least;
}

function isLess(a: Lease, b: Lease): boolean {
  if (a.terms.priority !== b.terms.priority) return a.terms.priority < b.terms.priority;
  return a.grantedWallMs > b.grantedWallMs;
}
