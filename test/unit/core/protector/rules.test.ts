import { describe, expect, it } from 'vitest';
import { CpuWatch, findHog } from '#core/protector/cpu.ts';
import { CriticalList } from '#core/protector/exemption.ts';
import { machineIntervalMs, processIntervalMs, type ProtectorWork } from '#core/protector/interval.ts';
import { LoopWatch } from '#core/protector/loops.ts';
import { limitsByMode, limitsOf } from '#core/protector/modes.ts';
import { growing, mebibyte, ProtectorWorld, steady, type WorldProcess } from '#test/support/core/protector-world.ts';

const gibibyte = 1024 * mebibyte;

describe('limits', () => {
  it('are those of the mode, and for one that only observes those that were chosen beside it', () => {
    expect(limitsOf('prod', 'dev')).toBe(limitsByMode.prod);
    expect(limitsOf('observe', 'test')).toBe(limitsByMode.test);
    expect(limitsOf('off', 'dev')).toBe(limitsByMode.dev);
  });
});

describe('a critical list', () => {
  it('takes names whole, and beginnings where it says so', () => {
    const list = new CriticalList(['sshd', 'systemd-*']);
    expect(['sshd', 'systemd-logind', 'sshd2', 'systemd', 'my-sshd'].map((name) => list.has(name))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('when the machine is looked at next', () => {
  const intervalOf = (usedBytes: number, growth = 0, work: ProtectorWork = 'ready'): number => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: growing(usedBytes, growth, 100) }]);
    world.run(2);
    return machineIntervalMs(world.trend, world.need.level, work);
  };

  it('is the sooner the less memory is left', () => {
    expect(intervalOf(gibibyte)).toBe(1000);
    const [half, much, full] = [4, 6.5, 7.4].map((used) => intervalOf(used * gibibyte));
    expect(half).toBeLessThan(1000);
    expect(much).toBeLessThan(half ?? 0);
    expect(full).toBe(100);
  });

  it('is at once where it goes, and where somebody was asked to end', () => {
    expect(intervalOf(7.4 * gibibyte, 10 * mebibyte)).toBe(20);
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(gibibyte) }]).run(2);
    expect(machineIntervalMs(world.trend, 'well', 'ending')).toBe(20);
  });

  it('is late for one that only tells, while memory is plenty and lies still', () => {
    expect(intervalOf(gibibyte, 0, 'observing')).toBe(5000);
    expect(intervalOf(gibibyte, 100 * mebibyte, 'observing')).toBeLessThanOrEqual(1000);
    expect(intervalOf(6.5 * gibibyte, 0, 'observing')).toBe(intervalOf(6.5 * gibibyte));
  });

  it('leaves processes alone the longer the more of them there are', () => {
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(gibibyte) }]).run(20);
    expect(processIntervalMs(world.trend, 1, 'well', 'ready')).toBe(2000);
    expect(processIntervalMs(world.trend, 10, 'well', 'ready')).toBe(20_000);
    expect(processIntervalMs(world.trend, 1000, 'well', 'ready')).toBe(30_000);
    expect(processIntervalMs(world.trend, 10, 'well', 'observing')).toBe(60_000);
    expect(processIntervalMs(world.trend, 10, 'end', 'observing')).toBe(50);
  });
});

describe('the CPU', () => {
  const limits = limitsByMode.dev;

  it('is no need while nobody waits for it, however busy it is', () => {
    const watch = new CpuWatch();
    for (let ms = 0; ms <= 60_000; ms += 1000) watch.update(ms, { busyShare: 1, waitShare: 0.05 }, limits);
    expect(watch.isOver(60_000)).toBe(false);
    for (let ms = 61_000; ms <= 72_000; ms += 1000) watch.update(ms, { busyShare: 1, waitShare: 0.5 }, limits);
    expect(watch.isOver(72_000)).toBe(true);
  });

  it('is no need for a burst, and calm only after a while', () => {
    const watch = new CpuWatch();
    watch.update(0, { busyShare: 1, waitShare: NaN }, limits);
    expect(watch.isOver(9999)).toBe(false);
    expect(watch.isOver(10_000)).toBe(true);
    watch.update(12_000, { busyShare: 0.1, waitShare: NaN }, limits);
    expect([watch.isOver(12_000), watch.isCalm(12_000), watch.isCalm(22_000)]).toEqual([false, false, true]);
  });

  it('has a hog: the largest beyond the limit that is old enough and not exempt', () => {
    const world = new ProtectorWorld(8 * gibibyte, [
      { pid: 10, bytes: steady(mebibyte), cpuShare: 4 },
      { pid: 20, bytes: steady(mebibyte), cpuShare: 2 },
      { pid: 30, bytes: steady(mebibyte), cpuShare: 3, startSeconds: 150 },
      { pid: 40, bytes: steady(mebibyte), cpuShare: 0.9 },
    ]).run(100);
    const find = (exempt: readonly number[]): number =>
      findHog(world.columns, world.processes, limits, 100, (row) => exempt.includes(row));
    expect(find([])).toBe(0);
    expect(find([0])).toBe(1);
    expect(find([0, 1])).toBe(-1);
  });
});

describe('a probable loop', () => {
  function toldOf(one: Partial<WorldProcess>, ioCalls: (seconds: number) => number | undefined): number {
    let told = 0;
    const others = [{ pid: 30, ppid: one.pid ?? 0, bytes: steady(mebibyte) }];
    const world = new ProtectorWorld(8 * gibibyte, [{ pid: 10, bytes: steady(mebibyte), cpuShare: 1, ...one }, ...others]);
    const watch = new LoopWatch(() => ioCalls(world.seconds));
    for (let look = 0; look < 100; look += 1) told += watch.update(world.run(5, 5).columns, world.processes).length;
    return told;
  }

  it('is told of once: a full core for minutes, no input or output, no child', () => {
    expect(toldOf({}, () => 7)).toBe(1);
  });

  it('is none with output, with a child, below or above one core, or where one may not look', () => {
    expect(toldOf({}, (seconds) => Math.floor(seconds))).toBe(0);
    expect(toldOf({ pid: 10, ppid: 1, group: 10 }, () => 7)).toBe(0);
    expect(toldOf({ cpuShare: 0.8 }, () => 7)).toBe(0);
    expect(toldOf({ cpuShare: 2 }, () => 7)).toBe(0);
    expect(toldOf({}, () => undefined)).toBe(0);
  });
});
