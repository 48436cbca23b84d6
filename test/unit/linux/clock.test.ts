import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { boottimeMs, monotonicMs, pageSizeBytes, processStartMonotonicMs, ticksPerSecond } from '#linux/clock.ts';
import { readStat } from '#linux/proc-stat.ts';
import { startProcess } from './support.ts';

test('monotonicMs is the clock of process.hrtime', () => {
  const before = Number(process.hrtime.bigint()) / 1e6;
  const now = monotonicMs();
  const after = Number(process.hrtime.bigint()) / 1e6;
  // A thousandth of a millisecond for the two readings at the program's start.
  expect(now).toBeGreaterThanOrEqual(before - 0.1);
  expect(now).toBeLessThanOrEqual(after + 0.1);
});

test('boottimeMs is never behind it', () => {
  const monotonic = monotonicMs();
  expect(boottimeMs()).toBeGreaterThanOrEqual(monotonic - 0.1);
});

test('the units are those of getconf(1)', () => {
  const getconf = (name: string): number => Number(execFileSync('getconf', [name]));
  expect(ticksPerSecond).toBe(getconf('CLK_TCK'));
  expect(pageSizeBytes).toBe(getconf('PAGESIZE'));
});

test('a process that starts now started within a tick of now', async () => {
  const tickMs = 1000 / ticksPerSecond;
  const before = monotonicMs();
  await using child = await startProcess();
  const started = processStartMonotonicMs(readStat(child.pid)?.startTicks ?? '0');
  expect(started).toBeGreaterThan(before - tickMs - 1);
  expect(started).toBeLessThanOrEqual(monotonicMs() + 1);
});
