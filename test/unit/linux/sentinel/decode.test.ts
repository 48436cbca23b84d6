import { describe, expect, test } from 'vitest';
import { ticksPerSecond } from '#linux/clock.ts';
import { decodeExit, decodeOomKill } from '#linux/sentinel/decode-life.ts';
import { codeWord, outcomeWord } from '#linux/sentinel/decode-signal.ts';
import { decodeComm, startTicksOf } from '#linux/sentinel/decode-task.ts';
import { layouts } from '#linux/sentinel/layout.ts';

function exitWith(status: number): DataView {
  const view = new DataView(new ArrayBuffer(layouts.exit_event.size));
  view.setInt32(layouts.exit_event.members.status, status, true);
  return view;
}

function comm(bytes: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(24));
  for (const [index, byte] of bytes.entries()) view.setUint8(8 + index, byte);
  return decodeComm(view, 8);
}

describe('si_code in words', () => {
  test.each([
    [0, 'user'],
    [-1, 'queue'],
    [-6, 'tkill'],
    [0x80, 'kernel'],
    [1, 'kernel'],
    [-2, 'kernel'],
    [-5, 'kernel'],
    [0x10000, 'implied'],
  ])('%i: %s', (code, word) => expect(codeWord(code)).toBe(word));
});

describe('the outcome in words', () => {
  test.each([
    [0, 'delivered'],
    [1, 'ignored'],
    [2, 'pending'],
    [3, 'failed'],
    [4, 'delivered'],
    [100, 'denied'],
    [101, 'audited'],
  ])('%i: %s', (outcome, word) => expect(outcomeWord(outcome)).toBe(word));
});

describe('the status of wait(2)', () => {
  test.each([
    [0, { exitCode: 0, signal: null, coreDumped: false }],
    [0x0100, { exitCode: 1, signal: null, coreDumped: false }],
    [0x8900, { exitCode: 137, signal: null, coreDumped: false }],
    [0xff00, { exitCode: 255, signal: null, coreDumped: false }],
    [9, { exitCode: null, signal: 9, coreDumped: false }],
    [0x80 | 11, { exitCode: null, signal: 11, coreDumped: true }],
    [64, { exitCode: null, signal: 64, coreDumped: false }],
  ])('%i', (status, ending) => expect(decodeExit(exitWith(status), 0)).toMatchObject(ending));
});

describe('a name', () => {
  test('ends at its NUL', () => expect(comm([0x61, 0x62, 0, 0x63])).toBe('ab'));
  test('of the full length has 15 bytes', () => expect(comm([...Buffer.from('exactly-fifteen')])).toBe('exactly-fifteen'));
  test('of broken UTF-8', () => expect(comm([0x61, 0xff, 0x62])).toBe('a\u{fffd}b'));
  test('with anything in it', () => expect(comm([0x28, 0x0a, 0x29, 0x20])).toBe('(\n) '));
});

test('start times are those of /proc: rounded down to the tick', () => {
  const nsPerTick = 1_000_000_000 / ticksPerSecond;
  expect(startTicksOf(BigInt(5 * nsPerTick))).toBe('5');
  expect(startTicksOf(BigInt(6 * nsPerTick - 1))).toBe('5');
  expect(startTicksOf(2n ** 62n)).toBe(String(2n ** 62n / BigInt(nsPerTick)));
});

test('a victim of which the kernel tells the pid alone', () => {
  const view = new DataView(new ArrayBuffer(layouts.oom_event.size));
  view.setUint32(layouts.oom_event.members.pid, 42, true);
  const kill = decodeOomKill(view, 0);
  expect(kill.pid).toBe(42);
  expect(kill).not.toHaveProperty('victim');
  expect(kill).not.toHaveProperty('memory');
});
