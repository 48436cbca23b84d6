import fc from 'fast-check';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { checkInvariants } from './invariants.ts';
import type { Real } from './real.ts';
import type { ModelLease, Reference } from './reference.ts';

/** What one kind of step does to the reference and to the table under test. */
export interface StepKind<Params> {
  readonly name: string;
  readonly params: fc.Arbitrary<Params>;
  /** Default: always. */
  readonly applies?: (model: Reference) => boolean;
  readonly run: (model: Reference, real: Real, params: Params) => void;
}

export type Step = fc.Command<Reference, Real>;

/** Steps of a kind, each of them followed by a look at everything that must hold. */
export function steps<Params>(kind: StepKind<Params>): fc.Arbitrary<Step> {
  return kind.params.map((params) => ({
    check: (model) => kind.applies?.(model as Reference) ?? true,
    run: (model, real) => {
      const before = new Map(real.subscribed);
      const { generation } = real;
      real.watchQueue(() => {
        kind.run(model, real, params);
      });
      checkInvariants(model, real);
      if (!isEqual(before, real.subscribed) && real.generation <= generation)
        throw new Error('the set changed, and its generation did not');
    },
    toString: () => `${kind.name}(${JSON.stringify(params)})`,
  }));
}

function isEqual(a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>): boolean {
  return a.size === b.size && [...a].every(([pid, id]) => b.get(pid) === id);
}

/** So many times among the steps that are chosen from. */
export function often(times: number, step: fc.Arbitrary<Step>): fc.Arbitrary<Step>[] {
  return Array.from({ length: times }, () => step);
}

/** Chosen by number, so that a step means something whatever came before it. */
export const pick = fc.nat(50);

export function choose<Item>(items: readonly Item[], picked: number): Item {
  return items[picked % items.length]!;
}

/** Those that the steps play with: all but init and the server. */
export function players(model: Reference): FakeProcess[] {
  return model.processes.living().filter(({ pid }) => pid >= 100);
}

export function hasPlayers(model: Reference): boolean {
  return players(model).length > 0;
}

export function hasLeases(model: Reference): boolean {
  return model.leases.size > 0;
}

export function chooseLease(model: Reference, picked: number): ModelLease {
  return choose([...model.leases.values()], picked);
}
