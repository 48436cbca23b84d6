import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSignal, signalName } from '#protocol/signals.ts';

const signal = fc.integer({ min: 0, max: 64 });

test('every signal is read back from its name and from its number, in any case, with and without SIG', () => {
  fc.assert(
    fc.property(signal, fc.boolean(), fc.boolean(), (number, isLower, hasPrefix) => {
      const name = signalName(number);
      const bare = hasPrefix ? name : name.replace(/^SIG/, '');
      expect(parseSignal(isLower ? bare.toLowerCase() : bare)).toBe(number);
      expect(parseSignal(String(number))).toBe(number);
    }),
  );
});

test('no two signals share a name', () => {
  expect(new Set(Array.from({ length: 65 }, (_, number) => signalName(number))).size).toBe(65);
});

test("names and numbers are this machine's", () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === 'SIGUNUSED') continue;
    expect(parseSignal(name), name).toBe(number);
  }
});

describe('reading', () => {
  test.each([
    ['RTMIN', 34],
    ['rtmin+0', 34],
    ['SIGRTMIN+30', 64],
    ['RTMAX', 64],
    ['RTMAX-30', 34],
    ['sigrtmax-1', 63],
    ['IOT', 6],
    ['CLD', 17],
    ['SIGPOLL', 29],
    ['09', 9],
    ['0', 0],
    ['SIG0', 0],
    ['32', 32],
    ['SIG33', 33],
  ])('%s is %i', (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  test.each([
    [''],
    ['SIG'],
    ['65'],
    ['100'],
    ['-9'],
    ['9.0'],
    [' 9'],
    ['9 '],
    ['KILL '],
    ['SIGSIGKILL'],
    ['KILLER'],
    ['RTMIN-1'],
    ['RTMIN+31'],
    ['RTMAX+1'],
    ['RTMAX-31'],
    ['RTMIN+'],
    ['RT'],
    ['constructor'],
    ['__proto__'],
    ['toString'],
    ['SIG99'],
    ['٩'],
  ])('%j is no signal', (text) => {
    expect(parseSignal(text)).toBeUndefined();
  });
});
