import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSample,
  clearLine,
  explainedShare,
  lineNumbers,
  meanOf,
  slopePerSecond,
  spreadSeconds,
} from '#core/protector/line.ts';

interface Sample {
  readonly sinceMs: number;
  readonly value: number;
}

/** The same by the book: every sample kept, every weight worked out. */
function byTheBook(samples: readonly Sample[], windowMs: number): { slope: number; mean: number } {
  const ages = samples.map((_, index) => samples.slice(index + 1).reduce((sum, { sinceMs }) => sum + sinceMs, 0));
  const weights = ages.map((ageMs) => Math.exp(-ageMs / windowMs));
  const sum = (of: (index: number) => number): number =>
    weights.reduce((total, weight, index) => total + weight * of(index), 0);
  const t = (index: number): number => -(ages[index] ?? 0) / 1000;
  const y = (index: number): number => samples[index]?.value ?? 0;
  const weight = sum(() => 1);
  const [tMean, yMean] = [sum(t) / weight, sum(y) / weight];
  const slope = sum((i) => (t(i) - tMean) * (y(i) - yMean)) / sum((i) => (t(i) - tMean) ** 2);
  return { slope, mean: yMean };
}

function fit(samples: readonly Sample[], windowMs: number): Float64Array {
  const sums = new Float64Array(lineNumbers);
  for (const { value, sinceMs } of samples) addSample(sums, 0, value, sinceMs, windowMs);
  return sums;
}

describe('the line through what was measured', () => {
  it('is what least squares over all samples gives, whatever their distances', () => {
    const sample = fc.record({ sinceMs: fc.integer({ min: 20, max: 3000 }), value: fc.integer({ min: 0, max: 10_000 }) });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 2, maxLength: 60 }), (samples) => {
        const sums = fit(samples, 5000);
        const wanted = byTheBook(samples, 5000);
        expect(slopePerSecond(sums, 0)).toBeCloseTo(wanted.slope, 4);
        expect(meanOf(sums, 0)).toBeCloseTo(wanted.mean, 4);
      }),
    );
  });

  it('finds the rate of steady growth after hours of bytes in the billions', () => {
    const samples = Array.from({ length: 20_000 }, (_, index) => ({ sinceMs: 1000, value: 8e9 + index * 55e6 }));
    const sums = fit(samples, 60_000);
    expect(slopePerSecond(sums, 0) / 55e6).toBeCloseTo(1, 6);
    expect(explainedShare(sums, 0)).toBeGreaterThan(0.999);
    expect(spreadSeconds(sums, 0)).toBeCloseTo(60, 0);
  });

  it('explains little of what goes up and down about a level', () => {
    const samples = Array.from({ length: 500 }, (_, index) => ({ sinceMs: 1000, value: 1e9 + (index % 7) * 1e6 }));
    expect(explainedShare(fit(samples, 60_000), 0)).toBeLessThan(0.1);
  });

  it('says nothing of a single sample, nor of one that is flat', () => {
    expect(slopePerSecond(fit([{ sinceMs: 0, value: 5e9 }], 5000), 0)).toBe(0);
    const flat = fit(
      Array.from({ length: 100 }, () => ({ sinceMs: 100, value: 5e9 })),
      5000,
    );
    expect(slopePerSecond(flat, 0)).toBeCloseTo(0, 3);
    expect(explainedShare(flat, 0)).toBe(0);
  });

  it('forgets', () => {
    const sums = fit(
      [1, 2, 3].map((value) => ({ sinceMs: 1000, value })),
      5000,
    );
    clearLine(sums, 0);
    expect([...sums]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
