import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '#cli/errors.ts';
import { parseDuration } from '#cli/parse/duration.ts';
import { limitOption, pidOption, pidOrComm, priorityOption } from '#cli/parse/number.ts';
import { signalListOption, signalOption } from '#cli/parse/signal.ts';
import { parseTime } from '#cli/parse/time.ts';

const now = Date.parse('2026-11-24T08:00:00.000Z');

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1.5h', 5_400_000],
  ['0s', 0],
])('duration %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', '30', 's', '-1s', '1 s', '1w', '1H', '1e3s', '999999999999999d', '1s1s', ' 1s'])('%o is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow(UsageError);
});

test('every whole number with a unit is a duration', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (count, unit) => {
      const milliseconds = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
      expect(parseDuration(`${String(count)}${unit}`)).toBe(count * milliseconds);
    }),
  );
});

test.each([
  ['2026-11-24T07:00:00Z', '2026-11-24T07:00:00.000Z'],
  ['2026-11-24T07:00:00.123456Z', '2026-11-24T07:00:00.123Z'],
  ['2026-11-24T09:00+01:00', '2026-11-24T08:00:00.000Z'],
  ['2026-11-24 07:00:00,5Z', '2026-11-24T07:00:00.500Z'],
  ['1h', '2026-11-24T07:00:00.000Z'],
  ['1h ago', '2026-11-24T07:00:00.000Z'],
  ['500ms', '2026-11-24T07:59:59.500Z'],
  ['99999999d', '1970-01-01T00:00:00.000Z'],
])('time %s', (text, expected) => {
  expect(parseTime(text, now)).toBe(expected);
});

test('a time without a zone is local, a bare date its local midnight', () => {
  expect(parseTime('2026-11-24T07:00:00', now)).toBe(new Date(2026, 10, 24, 7).toISOString());
  expect(parseTime('2026-11-24', now)).toBe(new Date(2026, 10, 24).toISOString());
});

test.each(['', 'yesterday', '2026-02-31', '2026-13-01', '2026-11-24T25:00Z', '1', 'ago', '1h  ago', '-1h'])(
  '%o is no time',
  (text) => {
    expect(() => parseTime(text, now)).toThrow(UsageError);
  },
);

test.each([
  ['9', 9],
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  ['rtmin+1', 35],
])('signal %s', (text, signal) => {
  expect(signalOption(text)).toBe(signal);
});

test('what is no signal is refused, with what would be right', () => {
  expect(() => signalOption('KLL')).toThrow("'KLL' is no signal: write 9, KILL or SIGKILL");
  expect(() => signalOption('65')).toThrow(UsageError);
});

test('a list of signals has each once, and not the null signal', () => {
  expect(signalListOption('KILL,TERM, 15')).toEqual([9, 15]);
  expect(() => signalListOption('KILL,')).toThrow(UsageError);
  expect(() => signalListOption('0')).toThrow(UsageError);
});

test('pids, rows and priorities are whole numbers within bounds', () => {
  expect(pidOption('4242')).toBe(4242);
  expect(priorityOption('-5')).toBe(-5);
  expect(limitOption('1')).toBe(1);
  for (const text of ['0', '-1', '1.5', '', 'x', '0x10', '2147483648', '99999999999999999999'])
    expect(() => pidOption(text)).toThrow(UsageError);
  expect(() => priorityOption('101')).toThrow('from -100 to 100');
  expect(() => limitOption('0')).toThrow(UsageError);
});

test('a sender is a pid where all of it is digits, else a name', () => {
  expect(pidOrComm('811')).toBe(811);
  expect(pidOrComm('python3')).toBe('python3');
  expect(pidOrComm('7z')).toBe('7z');
});
