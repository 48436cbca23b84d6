import fc from 'fast-check';
import { expect } from 'vitest';
import { isHarmless } from '#core/harmless.ts';
import type { IdentityParts } from '#core/identity.ts';
import { hasSignal } from '#core/signal-set.ts';
import type { Real } from './real.ts';
import type { Reference } from './reference.ts';
import { choose, hasPlayers, often, pick, players, steps, type Step } from './step.ts';

/** Someone asks about a pid. */
const ask = steps({
  name: 'ask',
  params: fc.record({ pid: pick }),
  run: (model, real, { pid: picked }) => {
    const pid = choosePid(model, picked);
    const { leases, asSender } = real.table.membership.coverage(pid);
    const expected = model.ask(pid);
    expect(new Set(asSender.map(({ id }) => id))).toEqual(new Set([...(expected?.proven ?? [])].map(({ id }) => id)));
    expect(leases).toHaveLength((expected?.proven.size ?? 0) + (expected?.marked.size ?? 0));
  },
});

/** Any pid that was ever used, and some that was not. */
function choosePid(model: Reference, picked: number): number {
  return choose([...model.onFile.keys(), ...players(model).map(({ pid }) => pid), 1, 99], picked);
}

const connect = steps({
  name: 'connect',
  params: fc.record({ process: pick }),
  applies: hasPlayers,
  run: (model, real, { process: picked }) => {
    const process = choose(players(model), picked);
    if (real.peers.length < 4) real.peers.push({ process, sender: real.world.sender(process) });
  },
});

const disconnect = steps({
  name: 'disconnect',
  params: fc.record({ peer: pick }),
  run: (_, real, { peer: picked }) => {
    const peer = real.peers[picked % Math.max(1, real.peers.length)];
    peer?.sender.close();
    real.peers = real.peers.filter((one) => one !== peer);
  },
});

const claims = ['pid', 'whole', 'otherTicks', 'otherId'] as const;

const check = steps({
  name: 'check',
  params: fc.record({
    peer: pick,
    target: pick,
    claim: fc.constantFrom('pid' as const, ...claims),
    signal: fc.constantFrom(9, 15, 10, 18, 0),
  }),
  run: (model, real, { peer: picked, target, claim, signal }) => {
    const peer = real.peers[picked % Math.max(1, real.peers.length)];
    if (peer === undefined) return;
    const pid = choosePid(model, target);
    const verdict = real.world.verdict(peer.sender, claimOf(model, pid, claim), signal);
    const expected = expectedVerdict(model, peer.process, pid, claim, signal);
    expect(verdict).toMatchObject({ pid, signal, rule: expected.rule, allow: expected.allow });
    if (expected.rule === 'lease') expect(expected.leaseIds).toContain(verdict.leaseId);
  },
});

function claimOf(model: Reference, pid: number, claim: (typeof claims)[number]): IdentityParts {
  const process = model.processes.at(pid);
  if (claim === 'otherTicks') return { pid, startTicks: '1' };
  if (claim === 'otherId') return { pid, pidfdId: '0' };
  return claim === 'pid' || process === undefined
    ? { pid }
    : { pid, startTicks: process.startTicks, pidfdId: String(process.serial) };
}

interface Expected {
  readonly rule: string;
  readonly allow: boolean;
  readonly leaseIds?: readonly string[];
}

function expectedVerdict(
  model: Reference,
  sender: Real['peers'][number]['process'],
  pid: number,
  claim: string,
  signal: number,
): Expected {
  const target = model.processes.at(pid);
  const isZombie = target === undefined && model.processes.entry(pid) !== undefined;
  if (target === undefined && !isZombie) return { rule: 'processNotFound', allow: false };
  // A zombie has no pidfd any more: only its start time can be told apart.
  if (claim === 'otherTicks' || (claim === 'otherId' && !isZombie)) return { rule: 'identityMismatch', allow: false };
  if (pid === 1) return { rule: 'systemProcess', allow: false };
  if (isHarmless(signal)) return { rule: 'harmlessSignal', allow: true };
  const member = model.ask(pid);
  const covering = new Set([...(member?.proven ?? []), ...(member?.marked ?? [])]);
  if (sender === target && sender.lives) return { rule: 'ownTree', allow: true };
  const own = covering.size > 0 && sender.lives ? (model.ask(sender.pid)?.proven ?? []) : [];
  if ([...own].some((lease) => covering.has(lease))) return { rule: 'ownTree', allow: true };
  const forbidding = member === undefined ? [] : model.innermostOf(member, (lease) => hasSignal(lease.terms.forbidden, signal));
  if (forbidding.length > 0) return { rule: 'lease', allow: false, leaseIds: forbidding.map(({ id }) => id) };
  return { rule: 'unprotected', allow: true };
}

/** Time passes: by the server's alarm, or with one late look. */
const pass = steps({
  name: 'pass',
  params: fc.record({
    forMs: fc.oneof(fc.integer({ min: 1, max: 6000 }), fc.constantFrom(3_600_000, 86_400_000)),
    isLate: fc.boolean(),
  }),
  run: (model, real, { forMs, isLate }) => {
    const untilMs = model.clock.monotonicMs() + forMs;
    while (!isLate && real.table.nextDeadlineMs <= untilMs) {
      model.clock.turnTo(real.table.nextDeadlineMs);
      const nowMs = model.clock.monotonicMs();
      real.table.tick();
      model.tick();
      for (const { lease, atMs } of real.world.ended)
        if (atMs === nowMs) expect([lease.deadlineMs, lease.maxDeadlineMs]).toContain(nowMs);
    }
    model.clock.turnTo(untilMs);
    real.table.tick();
    model.tick();
  },
});

const suspend = steps({
  name: 'suspend',
  params: fc.record({ forMs: fc.constantFrom(10, 3_600_000) }),
  run: (model, real, { forMs }) => {
    model.clock.suspend(forMs);
    real.table.tick();
    model.tick();
  },
});

/** The last look at those that a marker may still find. */
const settle = steps({
  name: 'settle',
  params: fc.constant({}),
  applies: (model) => model.emptied.size > 0,
  run: (model, real) => {
    look(model, real);
    for (const lease of real.world.emptied.splice(0)) real.table.endIfEmpty(lease);
    for (const lease of model.emptied) model.endIfEmpty(lease);
    model.emptied.clear();
  },
});

function look(model: Reference, real: Real): void {
  for (const { pid } of model.processes.living()) {
    real.table.membership.coverage(pid);
    model.ask(pid);
  }
}

const restart = steps({
  name: 'restart',
  params: fc.constant({}),
  run: (model, real) => {
    model.emptied.clear();
    real.world.emptied.length = 0;
    for (const { process } of model.onFile.values()) if (!process.lives) model.onFile.delete(process.pid);
    for (const lease of model.leases.values()) {
      lease.warned = false;
      model.beat(lease);
      if (lease.terms.markerDigest === null) model.endIfEmpty(lease);
    }
    real.restart(() => {
      look(model, real);
    });
    for (const lease of model.leases.values()) model.endIfEmpty(lease);
  },
});

export const serverSteps: fc.Arbitrary<Step>[] = [
  ...often(4, ask),
  ...often(2, connect),
  disconnect,
  ...often(4, check),
  ...often(2, pass),
  suspend,
  ...often(2, settle),
  restart,
];
