import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registerParams } from '#cli/commands/register.ts';
import { nodeFact } from '#cli/doctor/local-facts.ts';
import { parseResident, parseStat, readProcessUsage, uptimeSeconds } from '#cli/usage/process-usage.ts';
import { withParents } from '#cli/usage/tree-usage.ts';

const fields = 'S 1 2 3 4 5 6 7 8 9 10 150 50 13 14 15 16 17 18 8888 20 21';

test.each(['sleep', 'a b', '(sd-pam)', ') R 1 (', 'x\n1 2 3', ''])('a process called %o', (comm) => {
  expect(parseStat(`42 (${comm}) ${fields}`)).toEqual({ cpuTicks: 200, startTicks: '8888' });
});

test('resident memory is in kilobytes, whatever a page has; a kernel thread has none', () => {
  expect(parseResident('Name:\tx\nVmRSS:\t    1812 kB\nThreads:\t1\n')).toBe(1812 * 1024);
  expect(parseResident('Name:\tkthreadd\n')).toBe(0);
});

test('what this process uses; and nothing of one that has its pid at another time', () => {
  const startTicks = parseStat(readFileSync('/proc/self/stat', 'utf8'))?.startTicks ?? '';
  const identity = { pid: process.pid, startTicks, bootId: 'x' };
  const usage = readProcessUsage(identity, uptimeSeconds());
  expect(usage?.memoryBytes).toBeGreaterThan(1024 ** 2);
  expect(usage?.cpuPercent).toBeGreaterThan(0);
  expect(readProcessUsage({ ...identity, startTicks: '1' }, uptimeSeconds())).toBeUndefined();
});

test('a process counts for its lease and those around it, once each', () => {
  const parents = new Map([
    ['inner', 'outer'],
    ['outer', undefined],
    ['loop', 'loop'],
  ]);
  expect([...withParents('inner', parents)]).toEqual(['inner', 'outer']);
  expect([...withParents('loop', parents)]).toEqual(['loop']);
  expect([...withParents(undefined, parents)]).toEqual([]);
});

test('register: the parent where no pid is named, and a ttl means heartbeats', () => {
  expect(registerParams({}, 4242)).toEqual({ pid: 4242, renewal: 'process' });
  expect(registerParams({ pid: 7, ttl: 30_000 }, 4242)).toEqual({ pid: 7, renewal: 'heartbeat', ttlMs: 30_000 });
  expect(registerParams({ heartbeat: true, processOnly: true, forbid: [9] }, 4242)).toEqual({
    pid: 4242,
    renewal: 'heartbeat',
    scope: 'process',
    forbiddenSignals: [9],
  });
  expect(() => registerParams({}, 1)).toThrow('--pid');
});

test('node: 24 or later', () => {
  expect(nodeFact('24.0.0').ok).toBe(true);
  expect(nodeFact('20.20.2')).toMatchObject({ ok: false, fix: 'node 24 or later' });
});
