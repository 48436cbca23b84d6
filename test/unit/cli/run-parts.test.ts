import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isForeignCause, isForeignKill } from '#cli/run/foreign-kill.ts';
import { logName, pruneLogs } from '#cli/run/log-folder.ts';
import { parseBytes } from '#cli/parse/bytes.ts';
import type { Explanation } from '#protocol/explanation.ts';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { makeFolder } from '#test/support/server/folder.ts';

const limits = { filesMax: 2, bytesMax: 1000 };

/** Files of 100 bytes; the first is the oldest. */
async function writeLogs(folder: { file(name: string): string }, names: readonly string[], bytes = 100): Promise<void> {
  for (const [index, name] of names.entries()) {
    await writeFile(folder.file(name), 'x'.repeat(bytes));
    await utimes(folder.file(name), 1000 + index, 1000 + index);
  }
}

test('the oldest logs go, by number and by size', async () => {
  await using folder = await makeFolder();
  await writeLogs(folder, ['a', 'b', 'c', 'd']);
  pruneLogs(folder.path, limits);
  expect(readdirSync(folder.path).toSorted()).toEqual(['c', 'd']);
  pruneLogs(folder.path, { filesMax: 10, bytesMax: 150 });
  expect(readdirSync(folder.path)).toEqual(['d']);
  pruneLogs(folder.path, { filesMax: 10, bytesMax: 100 });
  expect(readdirSync(folder.path)).toEqual(['d']);
});

test('a log that a process has open stays, whatever its age', async () => {
  await using folder = await makeFolder();
  await writeLogs(folder, ['a', 'b', 'c', 'd']);
  const fd = openSync(folder.file('a'), 'a');
  const writer = spawn('/bin/cat', { stdio: ['pipe', fd, 'ignore'] });
  closeSync(fd);
  await once(writer, 'spawn');
  try {
    pruneLogs(folder.path, limits);
    expect(readdirSync(folder.path).toSorted()).toEqual(['a', 'c', 'd']);
  } finally {
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  }
  pruneLogs(folder.path, limits);
  expect(readdirSync(folder.path).toSorted()).toEqual(['c', 'd']);
});

test('a folder that is not there is no trouble', () => {
  expect(() => {
    pruneLogs('/nowhere/at/all', limits);
  }).not.toThrow();
});

test.each([
  ['cycles', 'cycles-20261124T094633Z-7.log'],
  ['../../etc/x y', '_.._etc_x_y-20261124T094633Z-7.log'],
  ['...', 'run-20261124T094633Z-7.log'],
  ['é\n', '_-20261124T094633Z-7.log'],
])('the label %o names the log %s', (label, expected) => {
  expect(logName(label, new Date('2026-11-24T09:46:33.408Z'), 7)).toBe(expected);
});

const pid = 4242;

function ref(of: number, ...ancestry: readonly number[]): ProcessRef {
  return { pid: of, uid: 0, comm: 'x', ancestry: ancestry.map((ancestor) => ({ pid: ancestor, comm: 'x' })) };
}

function kill(values: Partial<SignalEvent>): SignalEvent {
  return { source: 'sentinel', sender: null, target: ref(pid), outcome: 'delivered', signal: 9, ...values } as SignalEvent;
}

test.each([
  ['nobody saw it', null, true],
  ['nobody could be asked', undefined, true],
  ['the kernel sent it (memory ran out)', kill({ sender: null }), true],
  ['a stranger sent it', kill({ sender: ref(7, 6, 1) }), true],
  ['it sent it itself', kill({ sender: ref(pid, 6, 1) }), false],
  ['a child of its sent it', kill({ sender: ref(4300, 4299, pid, 1) }), false],
  ['a killer that asked', kill({ source: 'mediated', sender: ref(9), requester: ref(8) }), true],
  ['its owner, over the lease', kill({ source: 'mediated', sender: ref(9), requester: ref(8), override: true }), false],
])('%s: foreign', (_words, event, expected) => {
  expect(isForeignKill(pid, event)).toBe(expected);
});

test.each([
  ['1', 1],
  ['512M', 512 * 2 ** 20],
  ['2G', 2 ** 31],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['64kb', 64 * 2 ** 10],
])('%s is %i bytes', (text, expected) => {
  expect(parseBytes(text)).toBe(expected);
});

test.each(['', '0', '-1', '2X', 'G', '1e9', '0.1', '99999999999999T'])('%o is no amount of memory', (text) => {
  expect(() => parseBytes(text)).toThrow(/no amount of memory/);
});

function explained(cause: Partial<Explanation['cause']>, effect: string | null = 'bypassed'): Explanation {
  return { cause: { event: null, relation: null, ...cause }, lease: effect === null ? null : { effect } } as Explanation;
}

test.each([
  ['a stranger sent it', explained({ kind: 'killed', relation: 'stranger' }), true],
  ['its parent sent it', explained({ kind: 'killed', relation: 'parent' }), true],
  ['nobody knows who', explained({ kind: 'unknown' }, null), true],
  ['memory ran out', explained({ kind: 'oom' }), true],
  ['it sent it itself', explained({ kind: 'self' }), false],
  ['a child of its sent it', explained({ kind: 'killed', relation: 'child' }), false],
  ['one of its lease sent it', explained({ kind: 'killed', relation: 'tree' }), false],
  ['its owner, over the lease', explained({ kind: 'mediated', relation: 'stranger' }, 'overridden'), false],
])('by the explanation, %s: foreign', (_words, explanation, expected) => {
  expect(isForeignCause(explanation)).toBe(expected);
});
