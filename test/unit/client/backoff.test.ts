import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '#client/backoff.ts';
import { clientBounds } from '#client/bounds.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });

test('the delay is between half of the full one and all of it, and never over the bound', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.integer({ min: 1, max: 10_000 }), unit, (attempt, delayMsMax, random) => {
      const delayMs = backoffMs(attempt, delayMsMax, () => random);
      const fullMs = Math.min(delayMsMax, clientBounds.reconnectDelayMsMin * 2 ** attempt);
      expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
      expect(delayMs).toBeLessThanOrEqual(delayMsMax);
    }),
  );
});

test('it doubles with each failure', () => {
  const delays = [0, 1, 2, 3].map((attempt) => backoffMs(attempt, Infinity, () => 1));
  expect(delays).toEqual([50, 100, 200, 400]);
});
