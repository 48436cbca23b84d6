import { describe, expect, it } from 'vitest';
import { isAtLeast } from '#core/protector/need.ts';
import { processKind } from '#core/protector/process-columns.ts';
import { growing, mebibyte, ProtectorWorld, steady, type WorldProcess } from '#test/support/core/protector-world.ts';

const gibibyte = 1024 * mebibyte;
const total = 8 * gibibyte;
const lease = { rule: 'lease', why: 'lease ls-a protects it', leaseId: 'ls-a' } as const;

/** Runs until somebody has to be ended. */
function inNeed(members: readonly WorldProcess[], forSeconds = 300): ProtectorWorld {
  const world = new ProtectorWorld(total, members);
  world.run(10).runUntil(({ level }) => isAtLeast(level, 'end'), forSeconds);
  expect(isAtLeast(world.need.level, 'end')).toBe(true);
  return world;
}

function victimsOf(world: ProtectorWorld): readonly number[] {
  const plan = world.plan();
  return plan.mayEnd ? plan.victims.map(({ pid }) => pid) : [];
}

describe('who is ended', () => {
  it('is the small leak, and not the large steady innocent that holds half of the memory', () => {
    const world = inNeed([
      { pid: 10, bytes: steady(total / 2) },
      { pid: 20, bytes: growing(100 * mebibyte, 150 * mebibyte, 110) },
    ]);
    expect(victimsOf(world)).toEqual([20]);
  });

  it('is the leak, though the innocent was loaded only half a minute ago', () => {
    const loaded = (seconds: number): number => Math.min(total / 2, Math.max(0, seconds - 105) * 1024 * mebibyte);
    const world = inNeed([
      { pid: 10, bytes: loaded, startSeconds: 104 },
      { pid: 20, bytes: growing(0, 40 * mebibyte, 135), startSeconds: 135 },
    ]);
    expect(victimsOf(world)).toEqual([20]);
  });

  it('is who came since, when all of memory goes within a second', () => {
    const world = new ProtectorWorld(total, [
      { pid: 10, bytes: steady(total / 4) },
      { pid: 30, bytes: growing(0, total, 110.1), startSeconds: 110 },
    ]);
    world.run(10, 1);
    world.runUntil(({ level }) => level === 'kill', 2, 0.02);
    expect(victimsOf(world)).toEqual([30]);
  });

  it('is never a steady process, while memory lasts a moment longer', () => {
    const world = inNeed([
      { pid: 10, bytes: steady(total / 2) },
      { pid: 20, bytes: growing(0, 150 * mebibyte, 110), exemption: lease },
    ]);
    expect(world.need.level).toBe('end');
    expect(victimsOf(world)).toEqual([]);
    expect(world.plan().victims.map(({ pid }) => pid)).toEqual([10]);
  });

  it('is not who merely breathes, where a protected one is to blame, while memory lasts a moment longer', () => {
    const world = inNeed([
      { pid: 10, bytes: growing(60 * mebibyte, 2 * mebibyte, 110) },
      { pid: 20, bytes: growing(0, 150 * mebibyte, 110), exemption: lease },
    ]);
    expect(world.need.level).toBe('end');
    expect(victimsOf(world)).toEqual([]);
    expect(world.plan().blamed).toMatchObject({ pid: 20, exemption: lease });
  });

  it('is not a program that starts just now: its end would not help', () => {
    // What fell was a protected one's growth, which is over.
    const world = new ProtectorWorld(total, [
      { pid: 20, bytes: (seconds) => Math.min(7.2 * gibibyte, Math.max(0, seconds - 110) * 300 * mebibyte), exemption: lease },
      {
        pid: 30,
        bytes: (seconds) => Math.min(20 * mebibyte, Math.max(0, seconds - 134.2) * 80 * mebibyte),
        startSeconds: 134.2,
      },
    ]);
    world.run(10).run(24.5, 0.1);
    expect(world.need.level).toBe('end');
    expect(world.plan().victims.map(({ pid }) => pid)).toEqual([30]);
    expect(victimsOf(world)).toEqual([]);
  });

  it('is who has grown much, and not who grows a little now', () => {
    const held = new ProtectorWorld(total, [
      { pid: 10, bytes: growing(60 * mebibyte, 1.5 * mebibyte, 110) },
      { pid: 20, bytes: (seconds) => Math.min(7.3 * gibibyte, Math.max(0, seconds - 110) * 300 * mebibyte) },
      { pid: 30, bytes: (seconds) => Math.max(0, seconds - 140) * 100 * mebibyte, startSeconds: 140, exemption: lease },
    ]);
    held.run(42, 0.1);
    expect(held.need.level).not.toBe('well');
    expect(held.plan().victims.map(({ pid }) => pid)).toEqual([20]);
  });

  it('is the hog, where a protected one grows as well', () => {
    const world = inNeed([
      { pid: 10, bytes: growing(0, 100 * mebibyte, 110) },
      { pid: 20, bytes: growing(0, 150 * mebibyte, 110), exemption: lease },
    ]);
    expect(victimsOf(world)).toEqual([10]);
  });

  it('is a steady process only where the kernel would choose next', () => {
    const world = inNeed([
      { pid: 10, bytes: steady(total / 2) },
      { pid: 20, bytes: growing(0, 150 * mebibyte, 110), exemption: lease },
    ]);
    world.runUntil(({ level }) => level === 'kill', 60, 0.05);
    expect(world.need.cause).toBe('forecast');
    expect(victimsOf(world)).toEqual([]);
    world.runUntil(({ level, cause }) => level === 'kill' && cause === 'memory', 60, 0.02);
    expect(victimsOf(world)).toEqual([10]);
  });

  it('is a whole process group where that is configured, without those who are exempt', () => {
    const bomb = Array.from({ length: 20 }, (_, index) => ({
      pid: 100 + index,
      group: 100,
      bytes: growing(0, 12 * mebibyte, 110),
      startSeconds: 109,
      ...(index === 7 ? { exemption: lease } : {}),
    }));
    const world = inNeed([{ pid: 10, bytes: steady(total / 2) }, ...bomb]);
    const plan = world.plan('group');
    expect(plan.victims).toHaveLength(19);
    expect(plan.victims.map(({ pid }) => pid)).not.toContain(107);
    expect(plan.victims.map(({ pid }) => pid)).not.toContain(10);
    expect(world.plan('process').victims.length).toBeLessThan(plan.victims.length);
  });

  it('leaves out of the group who holds what it held before: a launcher, and what it started earlier', () => {
    const world = inNeed([
      { pid: 10, group: 10, bytes: steady(200 * mebibyte) },
      { pid: 11, group: 10, bytes: steady(300 * mebibyte) },
      ...Array.from({ length: 5 }, (_, index) => ({
        pid: 100 + index,
        group: 10,
        bytes: growing(0, 50 * mebibyte, 110),
        startSeconds: 109,
      })),
    ]);
    const victims = world.plan('group').victims.map(({ pid }) => pid);
    expect(victims.toSorted((x, y) => x - y)).toEqual([100, 101, 102, 103, 104]);
  });

  describe('where the kernel would be next', () => {
    const bomb = (eachPerSecond: number): readonly WorldProcess[] =>
      Array.from({ length: 200 }, (_, index) => ({
        pid: 100 + index,
        bytes: growing(0, eachPerSecond, 110),
        startSeconds: 109,
      }));
    const atTheEnd = (members: readonly WorldProcess[]): ProtectorWorld => {
      const world = new ProtectorWorld(total, members);
      world.run(10, 1);
      world.runUntil(({ level }) => level === 'kill', 60, 0.05);
      expect(world.need.level).toBe('kill');
      return world;
    };

    it('is as many of a fork bomb as it takes, of which each is small', () => {
      const world = atTheEnd([{ pid: 10, bytes: steady(total / 4) }, ...bomb(30 * mebibyte)]);
      const { victims } = world.plan();
      const freed = victims.reduce((sum, { bytes }) => sum + bytes, 0);
      expect(victims.length).toBeGreaterThan(1);
      expect(victims.length).toBeLessThanOrEqual(32);
      expect(victims.map(({ pid }) => pid)).not.toContain(10);
      expect(freed).toBeGreaterThan(world.trend.now.memTotalBytes * 0.025);
    });

    it('is the one hog, and not another that grows a little beside it', () => {
      const world = atTheEnd([
        { pid: 20, bytes: growing(0, 2 * gibibyte, 110), startSeconds: 109 },
        { pid: 30, bytes: growing(gibibyte, 50 * mebibyte, 110), startSeconds: 1 },
      ]);
      expect(victimsOf(world)).toEqual([20]);
    });

    it('is none beside the guilty that holds what it held before', () => {
      const world = atTheEnd([
        ...Array.from({ length: 6 }, (_, index) => ({ pid: 10 + index, bytes: steady(300 * mebibyte) })),
        ...bomb(30 * mebibyte).slice(0, 40),
      ]);
      expect(world.plan().victims.every(({ pid }) => pid >= 100)).toBe(true);
    });
  });

  it('is one at a time while there is time, and as many small ones as hold what goes within a second', () => {
    const two = inNeed([
      { pid: 20, bytes: growing(0, 160 * mebibyte, 110) },
      { pid: 30, bytes: growing(0, 150 * mebibyte, 110) },
    ]);
    expect(two.need.level).toBe('end');
    expect(victimsOf(two)).toEqual([20]);
    const many = inNeed(
      Array.from({ length: 100 }, (_, index) => ({ pid: 100 + index, bytes: growing(0, 2 * mebibyte, 110) })),
    );
    expect(many.need.level).toBe('end');
    const { victims } = many.plan();
    expect(victims.length).toBeGreaterThan(1);
    expect(victims.length).toBeLessThan(10);
  });

  it('is whose end frees most: workers that share their memory hold less than it seems', () => {
    const world = inNeed([
      { pid: 10, bytes: growing(0, 80 * mebibyte, 110), realBytes: 10 * mebibyte },
      { pid: 20, bytes: growing(0, 70 * mebibyte, 110) },
    ]);
    expect(victimsOf(world)).toEqual([20]);
  });
});

describe('who is exempt', () => {
  const hog = growing(0, 150 * mebibyte, 110);
  it.each<[string, Partial<WorldProcess> & { pid: number }, string]>([
    ['pid 1', { pid: 1 }, 'systemProcess'],
    ['the server itself', { pid: 2 }, 'systemProcess'],
    ['sshd', { pid: 20, program: 'sshd' }, 'critical'],
    ['a part of sshd with a name of its own', { pid: 20, program: 'sshd-session' }, 'critical'],
    ['a display server', { pid: 20, program: 'Xorg' }, 'critical'],
    ['the shell of a terminal', { pid: 20, kind: processKind.terminalLeader }, 'loginSession'],
    ['a member of a lease', { pid: 20, exemption: lease }, 'lease'],
    ['who a rule protects', { pid: 20, exemption: { rule: 'protectionRule', why: 'pytest' } }, 'protectionRule'],
  ])('%s', (_name, one, rule) => {
    const world = inNeed([{ ...one, bytes: hog }]);
    const plan = world.plan();
    expect(plan.victims).toEqual([]);
    expect(plan.mayEnd).toBe(false);
    expect(plan.passedOver.map(({ pid, exemption }) => [pid, exemption.rule])).toEqual([[one.pid, rule]]);
  });

  it('is said of each of the next ten, and of no more', () => {
    const others = Array.from({ length: 30 }, (_, index) => ({ pid: 100 + index, bytes: steady((10 + index) * mebibyte) }));
    const plan = inNeed([{ pid: 20, bytes: hog }, { pid: 30, bytes: steady(gibibyte), exemption: lease }, ...others]).plan();
    expect(plan.victims.map(({ pid }) => pid)).toEqual([20]);
    expect(plan.passedOver).toHaveLength(10);
    expect(plan.passedOver[0]).toMatchObject({ pid: 30, exemption: lease });
    expect(plan.passedOver.slice(1).map(({ pid }) => pid)).toEqual([129, 128, 127, 126, 125, 124, 123, 122, 121]);
    expect(plan.passedOver.every(({ exemption }) => exemption.why !== '')).toBe(true);
  });

  it('leaves kernel threads, zombies and the tiny out of sight', () => {
    const plan = inNeed([
      { pid: 20, bytes: hog },
      { pid: 30, bytes: steady(gibibyte), kind: processKind.kernelThread },
      { pid: 31, bytes: steady(gibibyte), kind: processKind.zombie },
      { pid: 32, bytes: steady(mebibyte) },
    ]).plan();
    expect(plan.passedOver).toEqual([]);
  });
});
