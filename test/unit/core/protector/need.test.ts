import { describe, expect, it } from 'vitest';
import { limitsByMode } from '#core/protector/modes.ts';
import { isAtLeast } from '#core/protector/need.ts';
import { growing, mebibyte, ProtectorWorld, steady } from '#test/support/core/protector-world.ts';

const gibibyte = 1024 * mebibyte;

describe('what the machine needs', () => {
  it.each([50, 90, 97, 99])('is nothing while its load is steady, even at %d %%', (percent) => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady((8 * gibibyte * percent) / 100) }]);
    expect(world.run(60).need).toMatchObject({ level: 'well', exhaustedInMs: Infinity });
  });

  it('is nothing where a load rises to 92 % and stays there', () => {
    const rise = (seconds: number): number => Math.min(7.36 * gibibyte, Math.max(0, seconds - 110) * 60 * mebibyte);
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: rise }]);
    world.run(10);
    expect(world.runUntil(({ level }) => isAtLeast(level, 'end'), 200)).toBe(Infinity);
    expect(world.need.level).toBe('well');
  });

  it('foretells when memory is used up, and tells before anything is short', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(0, 55 * mebibyte, 110) }]);
    const toldAt = world.run(10).runUntil(({ level }) => level === 'tell', 200);
    const { exhaustedInMs } = world.need;
    expect(world.trend.availableShare).toBeGreaterThan(0.5);
    const truly = (8 * gibibyte - (toldAt - 110) * 55 * mebibyte) / (55 * mebibyte);
    expect(exhaustedInMs / 1000 / truly).toBeCloseTo(1, 0);
  });

  it('climbs rung by rung, and ends before the threshold where growth is steep', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(4 * gibibyte, 200 * mebibyte, 110) }]);
    world.run(10);
    const levels = new Set<string>();
    world.runUntil(({ level }) => {
      levels.add(level);
      return level === 'end';
    }, 60);
    expect([...levels]).toEqual(['well', 'tell', 'throttle', 'end']);
    // 15 % is left at the mode's limit; the usual daemon waits for 10 %.
    expect(world.trend.availableShare).toBeGreaterThan(0.1);
    expect(world.trend.availableShare).toBeLessThanOrEqual(0.15);
  });

  it('ends nobody for a forecast while the mode has memory to spare: a program that loads is not a leak', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(0, 900 * mebibyte, 110) }]);
    world.run(10);
    world.runUntil(({ level }) => isAtLeast(level, 'end'), 60, 0.05);
    expect(world.trend.availableShare).toBeLessThanOrEqual(0.15);
  });

  it('kills at once where memory is gone before a grace would be over', () => {
    const world = new ProtectorWorld(2 * gibibyte, [{ pid: 10, bytes: growing(0, 1800 * mebibyte, 110) }]);
    world.run(10);
    expect(world.runUntil(({ level }) => level === 'kill', 5, 0.02)).toBeLessThan(111.2);
  });

  it('is made by tasks that wait for memory, however much seems available', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(6.8 * gibibyte) }]);
    world.run(10);
    world.memorySomeShare = 0.3;
    expect(world.run(5).need).toMatchObject({ level: 'tell', cause: 'stall' });
    world.memoryFullShare = 0.6;
    expect(world.run(5).need).toMatchObject({ level: 'end', cause: 'stall' });
    [world.memorySomeShare, world.memoryFullShare] = [0, 0];
    expect(world.run(20).need.level).toBe('well');
  });

  it('is there where nearly nothing is left and no pressure is told, though it goes no further', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(7.95 * gibibyte) }]);
    world.memorySomeShare = NaN;
    expect(world.run(30).need).toMatchObject({ level: 'kill', cause: 'memory' });
    const roomier = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(7.6 * gibibyte) }]);
    roomier.memorySomeShare = NaN;
    expect(roomier.run(30).need.level).toBe('well');
  });

  it('counts free swap as memory that is left', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(7.3 * gibibyte, 10 * mebibyte, 110) }]);
    world.swapTotalBytes = 8 * gibibyte;
    expect(isAtLeast(world.run(20).need.level, 'throttle')).toBe(false);
    world.swapUsedBytes = 7.6 * gibibyte;
    expect(isAtLeast(world.run(10).need.level, 'throttle')).toBe(true);
  });

  it('comes later where the mode allows more', () => {
    const endsAt = (limits: (typeof limitsByMode)['dev']): number => {
      const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(4 * gibibyte, 200 * mebibyte, 110) }], limits);
      world.run(10).runUntil(({ level }) => isAtLeast(level, 'end'), 60);
      return world.trend.availableShare;
    };
    expect(endsAt(limitsByMode.dev)).toBeGreaterThan(endsAt(limitsByMode.test));
    expect(endsAt(limitsByMode.test)).toBeGreaterThan(endsAt(limitsByMode.prod));
  });
});
