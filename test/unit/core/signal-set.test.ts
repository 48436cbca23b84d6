import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHarmless } from '#core/harmless.ts';
import { forbiddenByDefault, hasSignal, signalSet, signalsOf } from '#core/signal-set.ts';

const signals = fc.uniqueArray(fc.integer({ min: 1, max: 64 }), { maxLength: 64 });

test('a set has the signals that it was made from, and no other', () => {
  fc.assert(
    fc.property(signals, (some) => {
      const set = signalSet(some);
      expect(signalsOf(set)).toEqual(some.toSorted((a, b) => a - b));
      for (let signal = 1; signal <= 64; signal += 1) expect(hasSignal(set, signal)).toBe(some.includes(signal));
    }),
  );
});

test('signal 0 is in no set', () => {
  expect(hasSignal(signalSet(Array.from({ length: 64 }, (_, index) => index + 1)), 0)).toBe(false);
});

test('equal sets are one object, whatever their order: leases share them', () => {
  expect(signalSet([9, 64, 15])).toBe(signalSet([15, 9, 64, 9]));
});

test('whoever asks for ever new sets fills no memory with them', () => {
  const first = signalSet([1, 33]);
  let made = 0;
  for (let low = 0; low < 256; low += 1) {
    for (let high = 0; high < 64; high += 1) {
      const bits = [...Array(14).keys()].filter((bit) => (((high << 8) | low) & (1 << bit)) !== 0);
      const some = bits.map((bit) => bit + 40);
      if (signalSet(some) !== signalSet(some)) made += 1;
    }
  }
  expect(made, 'sets past the bound are made each time').toBeGreaterThan(0);
  expect(signalSet([1, 33]), 'those from before it are shared still').toBe(first);
});

test('the design names what is forbidden by default, and what harms nobody', () => {
  expect(signalsOf(forbiddenByDefault)).toEqual([1, 2, 3, 6, 9, 15, 19]);
  expect(Array.from({ length: 65 }, (_, signal) => signal).filter(isHarmless)).toEqual([0, 17, 18, 23, 28]);
});
