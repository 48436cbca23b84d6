import type { Client, Lease } from '#client/index.ts';
import { bounds } from '#protocol/bounds.ts';

/** Reads all active leases, newest first, a page after the other. */
export function readActiveLeases(client: Client): Promise<readonly Lease[]> {
  return readLeases(client, 'active');
}

/** Reads all leases of a state, newest first. @param state `any`: those that have ended too */
export async function readLeases(client: Client, state: 'active' | 'any'): Promise<readonly Lease[]> {
  const all: Lease[] = [];
  const params = { state, limit: bounds.pageRowsMax } as const;
  let cursor: string | undefined;
  do {
    const page = await client.call('lease.list', cursor === undefined ? params : { ...params, cursor });
    all.push(...page.leases);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}
