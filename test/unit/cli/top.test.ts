import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Lease } from '#protocol/lease.ts';
import { readKeys } from '#cli/top/keys.ts';
import type { TopModel, TopRow } from '#cli/top/model.ts';
import { rowsOf } from '#cli/top/rows.ts';
import { keyOf, UsageSampler, type ProcessSample } from '#cli/top/usage-sampler.ts';
import { press, selectedRow, sortRows, startState } from '#cli/top/view-state.ts';
import { startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

test('keys are read one by one, however they come', () => {
  expect(readKeys('j\u001B[A\u001B[B\u001BOAq')).toEqual(['down', 'up', 'down', 'up', 'quit']);
  expect(readKeys('\u001B')).toEqual(['back']);
  expect(readKeys('\u001B[5~\u001B[6~\r \u0003')).toEqual(['pageUp', 'pageDown', 'open', 'pause', 'quit']);
  expect(readKeys('x\u001B[24~é')).toEqual(['other', 'other', 'other']);
});

test('CPU is that since the last look; at the first, since the process began', async () => {
  const child = spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  try {
    const identity = { pid: child.pid ?? 0, startTicks: startTicksOf(child.pid ?? 0) };
    const sampler = new UsageSampler();
    const uptime = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    const first = uptime();
    await until(() => (sampler.sample([identity], first + 1).get(keyOf(identity))?.cpuPercent ?? 0) > 0);
    const at = await until(() => {
      const now = uptime();
      return now > first + 0.2 && now;
    });
    sampler.sample([identity], at);
    child.kill('SIGSTOP');
    await until(() => sampler.sample([identity], at + 10).get(keyOf(identity))?.state === 'T');
    // It stands still: since the last look it did nothing, whatever it did before.
    expect(sampler.sample([identity], at + 20).get(keyOf(identity))).toMatchObject({ cpuPercent: 0, comm: 'sh' });
  } finally {
    child.kill('SIGKILL');
  }
});

test('memory is what the kernel says; a pid that belongs to another now is not read', async () => {
  await using sleeper = await startSleeper();
  const identity = { pid: sleeper.pid, startTicks: startTicksOf(sleeper.pid) };
  const sample = new UsageSampler().sample([identity, { ...identity, startTicks: '1' }], 1e9);
  const resident = Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${String(sleeper.pid)}/status`, 'utf8'))?.[1]) * 1024;
  expect(sample.size).toBe(1);
  // The kernel counts pages for each CPU, and adds them up now and then.
  expect(Math.abs((sample.get(keyOf(identity))?.memoryBytes ?? 0) - resident)).toBeLessThan(512 * 1024);
});

function lease(id: string, more: Partial<Lease> = {}): Lease {
  return { id, label: id, grantedAt: '2026-11-24T08:00:00.000Z', ...more } as Lease;
}

function sampleOf(pid: number): readonly [string, ProcessSample] {
  return [keyOf({ pid, startTicks: '1' }), { pid, comm: 'x', state: 'S', cpuPercent: pid, memoryBytes: 10 * pid }];
}

function memberOf(
  pid: number,
  by: { readonly leaseId?: string; readonly rule?: string },
): Parameters<typeof rowsOf>[1][number] {
  return { identity: { pid, startTicks: '1', bootId: 'b' }, ...by };
}

test('a process counts for its lease and for those around it; what a rule protects has a row of its own', () => {
  const rows = rowsOf(
    [lease('outer'), lease('inner', { parentLeaseId: 'outer' })],
    [
      memberOf(1, { leaseId: 'outer' }),
      memberOf(2, { leaseId: 'inner' }),
      memberOf(3, { rule: 'pytest' }),
      memberOf(9, { leaseId: 'inner' }),
    ],
    new Map([sampleOf(1), sampleOf(2), sampleOf(3)]),
  );
  expect(rows.map(({ key, label, cpuPercent, memoryBytes }) => [key, label, cpuPercent, memoryBytes])).toEqual([
    ['outer', 'outer', 3, 30],
    ['inner', 'inner', 2, 20],
    ['rule:pytest', 'rule pytest', 3, 30],
  ]);
});

function modelOf(...rows: readonly (readonly [key: string, cpuPercent: number])[]): TopModel {
  const all = rows.map(([key, cpuPercent]): TopRow => ({ key, label: key, processes: [], cpuPercent, memoryBytes: 0 }));
  return { at: '', status: {} as TopModel['status'], rows: all, kills: [] };
}

test('the chosen row stays chosen while rows move; one that is gone gives way to the first', () => {
  const before = modelOf(['a', 3], ['b', 2], ['c', 1]);
  const state = press(startState, 'down', before, 10);
  expect(state.selected).toBe('b');
  const after = modelOf(['a', 3], ['b', 0], ['c', 5]);
  expect(selectedRow(state, after)?.key).toBe('b');
  expect(press(state, 'up', after, 10).selected).toBe('a');
  expect(selectedRow(state, modelOf(['a', 1], ['c', 2]))?.key).toBe('c');
  expect(press(state, 'last', after, 10).selected).toBe('b');
  expect(press(press(startState, 'pageDown', after, 2), 'pageDown', after, 2).selected).toBe('b');
});

test('equal rows stay in their order', () => {
  const { rows } = modelOf(['b', 0], ['a', 0], ['c', 0]);
  for (const by of ['cpu', 'memory', 'age', 'label'] as const)
    expect(sortRows(rows, by).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
});

test('any key leaves the help; nothing is opened where there is nothing', () => {
  const help = press(startState, 'help', modelOf(['a', 1]), 10);
  expect(press(help, 'other', modelOf(['a', 1]), 10)).toMatchObject({ isHelp: false });
  expect(press(startState, 'open', modelOf(), 10).isOpen).toBe(false);
});
