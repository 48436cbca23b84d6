import type { Member } from '#core/lease.ts';
import type { Real } from './real.ts';

/** Everything of the table that a registration in vain must leave as it was. Those who have exited count for nothing. */
export function snapshot({ table, world }: Real): object {
  const alive = (member: Member): boolean => member.held.alive();
  return {
    leases: [...table.values()].map(
      ({ id, terms, state, deadlineMs, maxDeadlineMs, warned, renewedWallMs, rootAlive, members }) => ({
        id,
        terms,
        state,
        deadlineMs,
        maxDeadlineMs,
        warned,
        renewedWallMs,
        rootAlive,
        members: members
          .items()
          .filter(alive)
          .map(({ pid }) => pid)
          .sort(),
      }),
    ),
    members: new Map(
      [...table.members.values()]
        .filter(alive)
        .map(({ pid, leases, markerLeases }) => [pid, [leases.map(({ id }) => id), markerLeases.map(({ id }) => id)]]),
    ),
    hasMarkers: table.hasMarkers,
    holds: world.processes.openHolds
      .filter((held) => held.alive())
      .map(({ process }) => process.serial)
      .sort(),
    told: [world.ended.length, world.emptied.length, world.expiring.length],
  };
}
