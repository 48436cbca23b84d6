import fc from 'fast-check';
import { expect } from 'vitest';
import type { LeaseTerms } from '#core/lease.ts';
import { Refusal } from '#core/refusal.ts';
import type { Registration } from '#core/lease-table.ts';
import { forbiddenByDefault, signalSet } from '#core/signal-set.ts';
import type { FakeHeld, FakeProcess } from '#test/support/core/fake-process.ts';
import { terms } from '#test/support/core/terms.ts';
import { markers, uids } from './process-steps.ts';
import type { Real } from './real.ts';
import { isTree, type ModelLease, type ModelMember, type Reference } from './reference.ts';
import { snapshot } from './snapshot.ts';
import { choose, chooseLease, hasLeases, hasPlayers, often, pick, players, steps, type Step } from './step.ts';

const ttlMs = fc.integer({ min: 100, max: 5000 });

const someTerms: fc.Arbitrary<LeaseTerms> = fc
  .record({
    scope: fc.constantFrom('tree', 'tree', 'process'),
    ttlMs: fc.option(ttlMs),
    maxMs: fc.option(fc.integer({ min: 100, max: 20_000 }), { freq: 2 }),
    markerDigest: fc.option(markers, { freq: 2 }),
    forbidden: fc.constantFrom(forbiddenByDefault, signalSet([]), signalSet([10])),
  })
  .map((some) => terms({ ...some, renewal: some.ttlMs === null ? 'process' : 'heartbeat' }));

const register = steps({
  name: 'register',
  params: fc.record({ process: pick, uid: fc.option(uids, { freq: 3 }), terms: someTerms }),
  applies: hasPlayers,
  run: (model, real, { process: picked, uid, terms: wanted }) => {
    const process = choose(players(model), picked);
    const owner = uid ?? process.uid;
    const outcome = tryRegister(real, owner, process, wanted);
    const expected = expectation(model, owner, process, wanted);
    if (outcome instanceof Refusal) {
      expect(expected.refusals).toContain(outcome.kind);
      return;
    }
    expect(expected.mayBeGranted, 'refused').toBe(true);
    expect(outcome.isNew).toBe(expected.own === undefined);
    if (expected.own !== undefined) changeTerms(model, real, expected.own, wanted);
    else grant(model, outcome, expected.member, process, owner);
  },
});

/** It cannot be written down: everything is as before. */
const registerInVain = steps({
  name: 'registerInVain',
  params: fc.record({ process: pick, terms: someTerms }),
  applies: hasPlayers,
  run: (model, real, { process: picked, terms: wanted }) => {
    const process = choose(players(model), picked);
    model.ask(process.pid);
    real.table.membership.coverage(process.pid);
    const before = snapshot(real);
    const outcome = tryRegister(real, process.uid, process, wanted);
    if (!(outcome instanceof Refusal)) outcome.undo();
    expect(snapshot(real)).toEqual(before);
    const shrank = [...model.leases.values()].find(
      (lease) => lease.root === process && isTree(lease) && wanted.scope === 'process',
    );
    if (shrank !== undefined && !(outcome instanceof Refusal)) forgetDead(model, shrank);
  },
});

/** Its process exits between the call and the registration. */
const registerTooLate = steps({
  name: 'registerTooLate',
  params: fc.record({ process: pick }),
  applies: hasPlayers,
  run: (model, real, { process: picked }) => {
    const process = choose(players(model), picked);
    const held = real.world.hold(process);
    model.processes.exit(process);
    model.ask(process.pid);
    expect(() => real.table.register(process.uid, held, terms())).toThrow(expect.objectContaining({ kind: 'processNotFound' }));
  },
});

const renew = steps({
  name: 'renew',
  params: fc.record({ lease: pick, ttlMs: fc.option(ttlMs) }),
  applies: hasLeases,
  run: (model, real, { lease: picked, ttlMs: wanted }) => {
    const expected = chooseLease(model, picked);
    const isBeating = expected.terms.renewal === 'heartbeat';
    const lease = real.table.get(expected.id)!;
    real.table.renew(lease, isBeating ? (wanted ?? undefined) : undefined);
    if (isBeating && wanted !== null) expected.terms = lease.terms;
    if (isBeating && wanted !== null) expect(lease.terms.ttlMs).toBe(wanted);
    model.beat(expected);
  },
});

const end = steps({
  name: 'end',
  params: fc.record({ lease: pick, isDropped: fc.boolean() }),
  applies: hasLeases,
  run: (model, real, { lease: picked, isDropped }) => {
    const expected = chooseLease(model, picked);
    const lease = real.table.get(expected.id)!;
    if (isDropped) real.table.drop(lease, 'released');
    else real.table.end(lease, 'released');
    expect(lease.state).toBe('released');
    model.end(expected, 'released', !isDropped);
  },
});

/** Those whose exit nobody has heard of are not taken back by a lease that let them go for a moment. */
function forgetDead(model: Reference, lease: ModelLease): void {
  for (const member of model.membersOf(lease)) if (!member.process.lives) model.letGo(member, lease);
}

function tryRegister(real: Real, uid: number, process: FakeProcess, wanted: LeaseTerms): Registration | Refusal {
  try {
    return real.table.register(uid, real.world.hold(process), wanted);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

interface Expectation {
  readonly member: ModelMember;
  readonly own: ModelLease | undefined;
  readonly refusals: readonly string[];
  readonly mayBeGranted: boolean;
}

/** Where roots started in one tick, either may be the parent: so both answers may be right. */
function expectation(model: Reference, uid: number, process: FakeProcess, wanted: LeaseTerms): Expectation {
  const member = model.ask(process.pid)!;
  const own = [...member.proven].find(({ root }) => root === process);
  const base = { member, own: own?.uid === uid ? own : undefined };
  const holder = model.holderOf(wanted.markerDigest);
  if (own !== undefined && own.uid !== uid) return { ...base, refusals: ['leaseHeldByOther'], mayBeGranted: false };
  if (own === undefined && [...model.leases.values()].filter((lease) => lease.uid === uid).length >= 4) {
    return { ...base, refusals: ['limitReached'], mayBeGranted: false };
  }
  const depths = own === undefined ? model.innermostOf(member).map(({ depth }) => depth) : [];
  const refusals: string[] = depths.includes(4) ? ['limitReached'] : [];
  const isTooDeep = depths.length > 0 && depths.every((depth) => depth === 4);
  if (holder === undefined || holder === own) return { ...base, refusals, mayBeGranted: !isTooDeep };
  return { ...base, refusals: isTooDeep ? refusals : [...refusals, 'invalidParams'], mayBeGranted: false };
}

function grant(
  model: Reference,
  { lease, member }: Registration,
  around: ModelMember,
  process: FakeProcess,
  uid: number,
): void {
  const parents = model.innermostOf(around).map(({ id }) => id);
  if (lease.parent === undefined) expect(parents).toEqual([]);
  else expect(parents).toContain(lease.parent.id);
  expect(lease.depth).toBe((lease.parent === undefined ? 0 : model.leases.get(lease.parent.id)!.depth) + 1);
  expect((member.held as FakeHeld).process).toBe(process);
  const granted: ModelLease = {
    id: lease.id,
    uid,
    root: process,
    depth: lease.depth,
    grantedTicks: model.clock.bootTicks(),
    terms: lease.terms,
    deadlineMs: Infinity,
    maxDeadlineMs: Infinity,
    warned: false,
  };
  model.leases.set(granted.id, granted);
  model.setTerms(granted, lease.terms);
  around.proven.add(granted);
  model.onFile.set(process.pid, around);
}

function changeTerms(model: Reference, real: Real, lease: ModelLease, wanted: LeaseTerms): void {
  if (lease.terms.scope === 'process') real.forgetRowsBeside(real.table.get(lease.id)!);
  model.setTerms(lease, wanted);
}

export const leaseSteps: fc.Arbitrary<Step>[] = [
  ...often(6, register),
  ...often(2, registerInVain),
  registerTooLate,
  ...often(2, renew),
  end,
];
