import { expect } from 'vitest';
import type { Member } from '#core/lease.ts';
import type { FakeHeld } from '#test/support/core/fake-process.ts';
import type { Real } from './real.ts';
import { warningMs, type Reference } from './reference.ts';

const ids = (leases: Iterable<{ readonly id: string }>): string[] => [...leases].map(({ id }) => id);
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

/** What must hold after every step. */
export function checkInvariants(model: Reference, real: Real): void {
  leasesAreThose(model, real);
  membersAreThose(model, real);
  for (const member of real.table.members.values()) innermostComesFirst(model, member);
  deadlinesAreKept(model, real);
  holdsAreKept(real);
  changesWereTold(real);
  endsWereTold(model, real);
}

function leasesAreThose(model: Reference, { table }: Real): void {
  expect(sorted(ids(table.values()))).toEqual(sorted(model.leases.keys()));
  const roots = new Set<string>();
  for (const lease of table.values()) {
    const expected = model.leases.get(lease.id)!;
    expect(lease).toMatchObject({
      state: 'active',
      uid: expected.uid,
      terms: expected.terms,
      rootAlive: isRootOnFile(model, lease.id),
    });
    expect(lease.depth).toBeLessThanOrEqual(4);
    const root = `${String(lease.uid)} ${String(expected.root.serial)}`;
    expect(roots).not.toContain(root);
    roots.add(root);
    const named = [...table.members.values()].filter((member) => member.leases.includes(lease));
    expect(new Set(lease.members.items())).toEqual(new Set(named));
    expect(lease.members.size).toBe(named.length);
  }
}

function isRootOnFile(model: Reference, id: string): boolean {
  const { root } = model.leases.get(id)!;
  return model.onFile.get(root.pid)?.process === root;
}

function membersAreThose(model: Reference, { table }: Real): void {
  const found = [...table.members.values()].map((member) => [
    member.pid,
    (member.held as FakeHeld).process.serial,
    sorted(ids(member.leases.filter((lease) => !member.markerLeases.includes(lease)))),
    sorted(ids(member.markerLeases)),
  ]);
  const expected = [...model.onFile.values()].map(({ process, proven, marked }) => [
    process.pid,
    process.serial,
    sorted(ids(proven)),
    sorted(ids(marked)),
  ]);
  expect(new Map(found.map((one) => [one[0], one]))).toEqual(new Map(expected.map((one) => [one[0], one])));
  for (const member of table.members.values()) {
    expect(member.leases.length).toBeGreaterThan(0);
    expect(new Set(member.leases).size).toBe(member.leases.length);
    for (const lease of member.leases) expect(table.get(lease.id)).toBe(lease);
  }
}

/** By descent before by marker, and there by the roots, which are each other's ancestors. */
function innermostComesFirst(model: Reference, member: Member): void {
  const leases = member.leases.filter((lease) => !member.markerLeases.includes(lease));
  expect(member.leases.slice(leases.length)).toEqual(member.markerLeases);
  for (const [index, outer] of leases.entries()) {
    const inner = leases[index - 1];
    if (inner === undefined || inner.rootStartTicks === outer.rootStartTicks) continue;
    const [innerRoot, outerRoot] = [model.leases.get(inner.id)!.root, model.leases.get(outer.id)!.root];
    expect(innerRoot.descendsFrom(outerRoot), `${inner.id} comes before ${outer.id}`).toBe(true);
  }
}

function deadlinesAreKept(model: Reference, real: Real): void {
  const nowMs = model.clock.monotonicMs();
  for (const lease of real.table.values()) {
    const expected = model.leases.get(lease.id)!;
    const { deadlineMs, maxDeadlineMs, warned } = lease;
    expect({ deadlineMs, maxDeadlineMs, warned }).toEqual({
      deadlineMs: expected.deadlineMs,
      maxDeadlineMs: expected.maxDeadlineMs,
      warned: expected.warned,
    });
    const dueMs = Math.min(deadlineMs, maxDeadlineMs, warned ? Infinity : warningMs(expected));
    expect(real.table.nextDeadlineMs, 'the alarm rings in time').toBeLessThanOrEqual(Math.max(dueMs, nowMs));
  }
  expect(real.queueSize).toBeLessThanOrEqual(2 * real.table.size + 64);
}

/** Every hold that the table took is open while it needs it, and closed once. */
function holdsAreKept({ world, table, peers }: Real): void {
  const needed = [
    ...[...table.members.values()].map(({ held }) => (held as FakeHeld).process.serial),
    ...peers.map(({ process }) => process.serial),
  ];
  const open = world.processes.openHolds.map(({ process }) => process.serial);
  expect(open.sort()).toEqual(needed.sort());
  expect(world.processes.closedTwice).toEqual([]);
}

/** Who listens to the changes knows the set; and the generation tells whether it changed. */
function changesWereTold(real: Real): void {
  const { members, protectedSet } = real.table;
  const now = new Map([...members.values()].map((member) => [member.pid, member.leases[0]!.id]));
  expect(real.subscribed).toEqual(now);
  expect(protectedSet.generation).toBeGreaterThanOrEqual(real.generation);
  real.generation = protectedSet.generation;
}

function endsWereTold(model: Reference, { world }: Real): void {
  const told = world.ended.map(({ lease, end }) => `${lease.id} ${end}`);
  expect(sorted(told)).toEqual(sorted(model.ended.map(([id, end]) => `${id} ${end}`)));
  expect(sorted(ids(world.expiring))).toEqual(sorted(model.expiring));
  expect(new Set(ids(world.emptied.filter(({ state }) => state === 'active')))).toEqual(new Set(ids(model.emptied)));
  world.ended.length = 0;
  world.expiring.length = 0;
  model.ended = [];
  model.expiring = [];
}
