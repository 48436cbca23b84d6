/** The p-th percentile (0 to 100) by linear interpolation between the two nearest samples. */
export function percentile(samples: readonly number[], p: number): number {
  if (samples.length === 0) throw new RangeError('no samples');
  const sorted = samples.toSorted((a, b) => a - b);
  const position = ((sorted.length - 1) * p) / 100;
  const lower = Math.floor(position);
  const low = sorted[lower] ?? Number.NaN;
  const high = sorted[Math.min(lower + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (position - lower);
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** A few numbers that say how far one median can be trusted. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export function summary(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    min: percentile(samples, 0),
    p50: median(samples),
    p95: percentile(samples, 95),
    max: percentile(samples, 100),
  };
}
