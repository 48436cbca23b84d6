import { describe, expect, it } from 'vitest';
import { makeColumns, type ProcessColumns } from '#core/protector/process-columns.ts';
import { ProcessTrends } from '#core/protector/process-trends.ts';
import { growing, mebibyte, ProtectorWorld, steady } from '#test/support/core/protector-world.ts';

const gibibyte = 1024 * mebibyte;

function fill(
  columns: ProcessColumns,
  seconds: number,
  rows: readonly (readonly [pid: number, start: number, bytes: number])[],
): void {
  columns.atMs = seconds * 1000;
  columns.count = rows.length;
  rows.forEach(([pid, start, bytes], row) => {
    columns.pid[row] = pid;
    columns.startTicks[row] = start;
    columns.rssBytes[row] = bytes;
  });
}

describe('what a process was lately', () => {
  it('stays with it while others come and go, and goes with it', () => {
    const columns = makeColumns(4);
    const trends = new ProcessTrends(4, 100);
    fill(columns, 1, [
      [5, 1, 10 * mebibyte],
      [9, 1, gibibyte],
    ]);
    trends.update(columns, true);
    // More processes over time than there are slots: those of the gone are used again.
    for (let pid = 10; pid < 60; pid += 2) {
      fill(columns, pid, [
        [5, 1, 10 * mebibyte],
        [9, 1, gibibyte],
        [pid, 1, 50 * mebibyte],
        [pid + 1, 1, 50 * mebibyte],
      ]);
      trends.update(columns, true);
      expect(trends.growthBytes(trends.rowOf(9))).toBe(0);
      expect(trends.grownBytes(trends.rowOf(9))).toBe(0);
      expect(trends.grownBytes(trends.rowOf(pid))).toBe(50 * mebibyte);
    }
    fill(columns, 70, [[9, 1, gibibyte]]);
    trends.update(columns, true);
    expect(trends.rowOf(5)).toBe(-1);
    expect(trends.rowOf(9)).toBe(0);
  });

  it('is not that of another which has the same pid now', () => {
    const columns = makeColumns(4);
    const trends = new ProcessTrends(4, 100);
    fill(columns, 1, [[5, 100, gibibyte]]);
    trends.update(columns, true);
    fill(columns, 2, [[5, 190, 300 * mebibyte]]);
    trends.update(columns, true);
    expect(trends.grownBytes(0)).toBe(300 * mebibyte);
  });

  it('finds slow growth that a look of seconds cannot see', () => {
    const jitter = (seconds: number): number => (Math.floor(seconds * 10) % 3) * 0.4 * mebibyte;
    const slow = (seconds: number): number => gibibyte + seconds * 0.5 * mebibyte + jitter(seconds);
    const world = new ProtectorWorld(8 * gibibyte, [
      { pid: 10, bytes: slow },
      { pid: 20, bytes: (seconds) => gibibyte + jitter(seconds) },
    ]);
    world.run(300, 2);
    expect(world.processes.growthBytes(0) / mebibyte).toBeCloseTo(0.5, 1);
    expect(world.processes.growthBytes(1)).toBe(0);
  });

  it('ends with the growth', () => {
    const world = new ProtectorWorld(8 * gibibyte, [
      { pid: 10, bytes: (seconds) => Math.min(gibibyte, Math.max(0, seconds - 110) * 10 * mebibyte) },
    ]);
    world.run(60);
    expect(world.processes.growthBytes(0) / mebibyte).toBeCloseTo(10, 0);
    world.run(90);
    expect(world.processes.growthBytes(0)).toBe(0);
  });

  it('holds against nobody what it held while the machine was well', () => {
    const world = new ProtectorWorld(8 * gibibyte, [
      { pid: 10, bytes: steady(4 * gibibyte), startSeconds: 105 },
      { pid: 20, bytes: growing(0, 10 * mebibyte, 110) },
    ]);
    world.run(300, 1);
    expect(world.processes.grownBytes(0)).toBeLessThan(50 * mebibyte);
    expect(world.processes.grownBytes(1)).toBeGreaterThan(200 * mebibyte);
  });

  it('knows its share of a core, and since when that is a full one', () => {
    const world = new ProtectorWorld(8 * gibibyte, [
      { pid: 10, bytes: steady(mebibyte), cpuShare: 1 },
      { pid: 20, bytes: steady(mebibyte), cpuShare: 0.3 },
      { pid: 30, bytes: steady(mebibyte), cpuShare: 2.5 },
    ]);
    world.run(20);
    expect([0, 1, 2].map((row) => Math.round(world.processes.cpuShare(row) * 10) / 10)).toEqual([1, 0.3, 2.5]);
    expect(world.processes.flatSinceMs(0)).toBeLessThan(101_000);
    expect([1, 2].map((row) => world.processes.flatSinceMs(row))).toEqual([Infinity, Infinity]);
  });
});
