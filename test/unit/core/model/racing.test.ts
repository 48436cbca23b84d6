import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lease, Member } from '#core/lease.ts';
import { Refusal } from '#core/refusal.ts';
import type { FakeHeld, FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';
import { choose, pick } from './step.ts';

/** What happens on the machine while the table reads it. */
interface Disturbance {
  readonly afterReads: number;
  readonly of: number;
  readonly kind: 'exit' | 'reuse' | 'fork';
  readonly parent: number;
}

const disturbance: fc.Arbitrary<Disturbance> = fc.record({
  afterReads: fc.integer({ min: 1, max: 6 }),
  of: pick,
  kind: fc.constantFrom('exit' as const, 'reuse' as const, 'fork' as const),
  parent: pick,
});

const question = fc.record({
  kind: fc.constantFrom('ask' as const, 'check' as const, 'register' as const, 'tree' as const),
  of: pick,
  by: pick,
  meanwhile: fc.array(disturbance, { maxLength: 3 }),
});

const players = (world: LeaseWorld): FakeProcess[] => world.processes.living().filter(({ pid }) => pid >= 100);

/** Two jobs with a lease each, and strangers. */
function play(): LeaseWorld {
  const world = new LeaseWorld();
  for (const marker of ['m1', 'm2']) {
    const job = world.processes.fork(world.processes.init, { uid: 7, marker, subreaper: marker === 'm1' });
    world.lease(job, { markerDigest: marker });
    world.clock.turn(20);
    world.processes.fork(world.processes.fork(world.processes.fork(job)));
    world.processes.fork(world.processes.fork(world.processes.init, { uid: 7 }));
  }
  return world;
}

/** Who gets a used pid starts in a later tick: within the microseconds of a walk no pid comes round twice. */
function disturb(world: LeaseWorld, { of, kind, parent }: Disturbance): void {
  const all = players(world);
  if (all.length === 0) return;
  const process = choose(all, of);
  const chosen = choose([world.processes.init, ...all.filter((one) => one !== process)], parent);
  world.clock.turn(10);
  if (kind !== 'fork') world.processes.exit(process);
  if (kind !== 'exit') world.processes.fork(chosen, { uid: 7, ...(kind === 'reuse' ? { pid: process.pid } : {}) });
}

function during(world: LeaseWorld, meanwhile: readonly Disturbance[], run: () => void): void {
  const waiting = [...meanwhile];
  let reads = 0;
  world.processes.afterEntry = () => {
    reads += 1;
    if (reads !== waiting[0]?.afterReads) return;
    reads = 0;
    disturb(world, waiting.shift()!);
  };
  try {
    run();
  } finally {
    world.processes.afterEntry = undefined;
  }
}

const processOf = (member: Member): FakeProcess => (member.held as FakeHeld).process;

function checkSoundness(world: LeaseWorld, roots: ReadonlyMap<string, FakeProcess>): void {
  const { members } = world.table;
  for (const member of members.values()) {
    const process = processOf(member);
    for (const lease of member.leases) {
      expect(lease.members.items()).toContain(member);
      expect(lease.state).toBe('active');
      const isByMarker = member.markerLeases.includes(lease);
      const root = roots.get(lease.id)!;
      if (isByMarker)
        expect(lineage(process).some(({ marker, uid }) => marker === root.marker && uid === lease.uid)).toBe(true);
      else expect(process.descendsFrom(root), `${String(process.pid)} is in ${lease.id}`).toBe(true);
    }
  }
  expect(world.processes.openHolds.map(({ process }) => process.serial).sort()).toEqual(
    [...members.values()].map((one) => processOf(one).serial).sort(),
  );
  expect(world.processes.closedTwice).toEqual([]);
}

function lineage(process: FakeProcess): FakeProcess[] {
  const found: FakeProcess[] = [];
  for (let one: FakeProcess | undefined = process; one !== undefined; one = one.forkedBy) found.push(one);
  return found;
}

test('whoever exits, forks or gets a used pid while the table reads: none but descendants become members, and members stay denied', () => {
  fc.assert(
    fc.property(fc.array(question, { maxLength: 12 }), (questions) => {
      const world = play();
      const roots = new Map<string, FakeProcess>();
      const note = (lease: Lease, root: FakeProcess): unknown => roots.set(lease.id, root);
      for (const lease of world.table.values()) note(lease, world.processes.at(lease.rootPid)!);
      for (const { kind, of, by, meanwhile } of questions) {
        const all = players(world);
        if (all.length === 0) return;
        const process = choose(all, of);
        const wasMember = (world.table.members.live(process.pid)?.leases.length ?? 0) > 0;
        if (kind === 'ask') during(world, meanwhile, () => void world.leasesOf(process));
        else if (kind === 'check') {
          const sender = world.sender(choose(all, by));
          during(world, meanwhile, () => {
            const { rule } = world.verdict(sender, process);
            if (wasMember && process.lives) expect(['lease', 'ownTree']).toContain(rule);
          });
          sender.close();
        } else {
          try {
            during(world, meanwhile, () =>
              note(world.lease(process, { scope: kind === 'tree' ? 'tree' : 'process' }), process),
            );
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
          }
        }
        checkSoundness(world, roots);
      }
    }),
    { numRuns: 300 },
  );
});
