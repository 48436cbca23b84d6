import fc from 'fast-check';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import type { Reference } from './reference.ts';
import { choose, hasPlayers, often, pick, players, steps, type Step } from './step.ts';

const playersMax = 12;
export const uids = fc.constantFrom(1000, 1001);
export const markers = fc.constantFrom('m1', 'm2');

const hasRoom = (model: Reference): boolean => players(model).length < playersMax;

/** The clock goes on by ticks, or does not: much happens within one. */
const later = fc.constantFrom(0, 10, 50);

const start = steps({
  name: 'start',
  params: fc.record({ laterMs: later, uid: uids, marker: fc.option(markers), subreaper: fc.boolean() }),
  applies: hasRoom,
  run: (model, _, { laterMs, ...options }) => {
    model.clock.turn(laterMs);
    model.processes.fork(model.processes.init, options);
  },
});

const fork = steps({
  name: 'fork',
  params: fc.record({
    parent: pick,
    laterMs: later,
    subreaper: fc.boolean(),
    other: fc.option(fc.record({ uid: uids, marker: fc.option(markers) }), { freq: 4 }),
  }),
  applies: (model) => hasRoom(model) && hasPlayers(model),
  run: (model, _, { parent, laterMs, subreaper, other }) => {
    model.clock.turn(laterMs);
    model.processes.fork(choose(players(model), parent), { subreaper, ...other });
  },
});

const exit = steps({
  name: 'exit',
  params: fc.record({ process: pick, asZombie: fc.boolean() }),
  applies: hasPlayers,
  run: (model, _, { process, asZombie }) => {
    model.processes.exit(choose(players(model), process), asZombie);
  },
});

/** The exit watcher tells of an exit, of any that nobody has heard of yet. */
const notice = steps({
  name: 'notice',
  params: fc.record({ process: pick }),
  applies: (model) => unnoticed(model).length > 0,
  run: (model, real, { process }) => {
    const member = choose(unnoticed(model), process);
    real.notice(real.table.members.known(member.process.pid)!);
    model.notice(member);
  },
});

function unnoticed(model: Reference): typeof all {
  const all = [...model.onFile.values()];
  return all.filter((member) => !member.process.lives);
}

/** A pid comes again, with the start time that it had before, or another. */
const reuse = steps({
  name: 'reuse',
  params: fc.record({ of: pick, parent: pick, inSameTick: fc.boolean(), uid: uids, marker: fc.option(markers) }),
  applies: (model) => hasRoom(model) && departed(model).length > 0,
  run: (model, _, { of, parent, inSameTick, ...options }) => {
    const before = choose(departed(model), of);
    model.processes.reap(before.pid);
    const chosen = choose([model.processes.init, ...players(model)], parent);
    const isOldEnough = Number(chosen.startTicks) <= Number(before.startTicks);
    const startTicks = inSameTick && isOldEnough ? { startTicks: Number(before.startTicks) } : {};
    model.processes.fork(chosen, { pid: before.pid, ...startTicks, ...options });
  },
});

/** Those on file whose pid nobody alive has. */
function departed(model: Reference): FakeProcess[] {
  return unnoticed(model)
    .map(({ process }) => process)
    .filter(({ pid }) => model.processes.at(pid) === undefined);
}

export const processSteps: fc.Arbitrary<Step>[] = [
  start,
  ...often(2, fork),
  ...often(2, exit),
  ...often(2, notice),
  ...often(3, reuse),
];
