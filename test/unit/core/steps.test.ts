import { describe, expect, test } from 'vitest';
import { Steps, type Seen } from '#core/parent.ts';
import { FakeProcesses } from '#test/support/core/fake-processes.ts';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { TurnedClock } from '#test/support/core/turned-clock.ts';

/** A table with turns, and the steps that are taken in it. */
class StepWorld {
  readonly processes = new FakeProcesses(new TurnedClock());
  readonly steps = new Steps(this.processes);
  readonly endTurn = this.processes.takeTurns();

  see(process: FakeProcess): Seen {
    const entry = this.processes.entry(process.pid);
    if (entry === undefined) throw new Error('it is gone');
    return { pid: process.pid, entry };
  }

  /** Its parent's pid, and how many lines were read for that besides its own. */
  ask(process: FakeProcess): { readonly parent: number | undefined; readonly lines: number } {
    const seen = this.see(process);
    const before = this.processes.entriesRead;
    const parent = this.steps.parentOf(seen, true)?.pid;
    return { parent, lines: this.processes.entriesRead - before };
  }
}

describe('many children of one parent', () => {
  test('cost no line of the table from the third on, until the turn ends', () => {
    const world = new StepWorld();
    const parent = world.processes.fork();
    const children = Array.from({ length: 5 }, () => world.processes.fork(parent));
    const asked = children.map((child) => world.ask(child));
    expect(asked.map((one) => one.parent)).toEqual(children.map(() => parent.pid));
    expect(asked.slice(2).map((one) => one.lines)).toEqual([0, 0, 0]);
    expect(world.processes.openHolds.map((held) => held.process)).toEqual([parent]);
    world.endTurn();
    expect(world.processes.openHolds).toEqual([]);
    expect(world.processes.closedTwice).toEqual([]);
    expect(world.ask(children[4]!).lines).toBeGreaterThan(0);
  });

  test('a child whose line was read before that is read again', () => {
    const world = new StepWorld();
    const parent = world.processes.fork();
    const [early, ...others] = [world.processes.fork(parent), world.processes.fork(parent), world.processes.fork(parent)];
    const seen = world.see(early);
    for (const child of others) world.ask(child);
    const before = world.processes.entriesRead;
    expect(world.steps.parentOf(seen, false)?.pid).toBe(parent.pid);
    expect(world.processes.entriesRead).toBeGreaterThan(before);
  });

  test("a parent that died in this turn is nobody's, and neither is another process that has its pid in the same tick", () => {
    const world = new StepWorld();
    const grandparent = world.processes.fork();
    const parent = world.processes.fork(grandparent);
    const children = Array.from({ length: 4 }, () => world.processes.fork(parent));
    for (const child of children) world.ask(child);
    world.processes.exit(parent);
    const orphan = children[3]!;
    expect(world.ask(orphan).parent).toBeUndefined();
    const other = world.processes.fork(world.processes.init, { pid: parent.pid });
    expect(other.startTicks).toBe(parent.startTicks);
    const stranger = world.processes.fork(other);
    const seen = world.steps.parentOf(world.see(stranger), true);
    expect(seen).toMatchObject({ pid: other.pid, entry: { ppid: 1 } });
  });

  test('a parent that is younger than its child is none', () => {
    const world = new StepWorld();
    const parent = world.processes.fork(world.processes.init, { startTicks: 500 });
    const children = Array.from({ length: 4 }, () => world.processes.fork(parent, { startTicks: 600 }));
    for (const child of children) world.ask(child);
    const adopted = world.processes.fork(parent, { startTicks: 400 });
    expect(world.ask(adopted).parent).toBeUndefined();
  });

  test('where no more can be held, lines are read as for one child', () => {
    const world = new StepWorld();
    world.processes.hold = () => {
      throw new Error('EMFILE');
    };
    const parent = world.processes.fork();
    const children = Array.from({ length: 4 }, () => world.processes.fork(parent));
    expect(children.map((child) => world.ask(child).parent)).toEqual(children.map(() => parent.pid));
  });
});
