/** Numbers of one fitted line in a Float64Array: how many, and where. */
export const lineNumbers = 6;
const WEIGHT = 0;
const T = 1;
const Y = 2;
const TT = 3;
const TY = 4;
const YY = 5;

/**
 * A straight line through a series of samples by least squares, of which older samples count less: a sample of age `a`
 * weighs exp(-a/window). So a new sample costs a few multiplications whatever the window, and nothing is kept but six
 * sums. They are taken about the newest sample (t = 0 there), so no sum ever grows with the machine's uptime.
 *
 * Many lines live in one array: each function takes it and where the line begins.
 */

/** Forgets all samples. */
export function clearLine(sums: Float64Array, at: number): void {
  sums.fill(0, at, at + lineNumbers);
}

/**
 * Adds a sample.
 *
 * @param value what was measured
 * @param sinceMs time since the sample before; anything where this is the first
 * @param windowMs how old a sample is that counts 1/e of a new one
 */
export function addSample(sums: Float64Array, at: number, value: number, sinceMs: number, windowMs: number): void {
  const step = Math.max(sinceMs, 0) / 1000;
  const keep = Math.exp((-step * 1000) / windowMs);
  const weight = get(sums, at + WEIGHT);
  const t = get(sums, at + T);
  const y = get(sums, at + Y);
  // Older samples move back by the step: t' = t - step.
  sums[at + TT] = keep * (get(sums, at + TT) - 2 * step * t + step * step * weight);
  sums[at + TY] = keep * (get(sums, at + TY) - step * y);
  sums[at + T] = keep * (t - step * weight);
  // Its own time is 0 and adds nothing to the sums over t.
  sums[at + Y] = keep * y + value;
  sums[at + YY] = keep * get(sums, at + YY) + value * value;
  sums[at + WEIGHT] = keep * weight + 1;
}

/** The line's rise, per second; 0 with fewer than two samples. */
export function slopePerSecond(sums: Float64Array, at: number): number {
  const weight = get(sums, at + WEIGHT);
  const t = get(sums, at + T);
  const spread = weight * get(sums, at + TT) - t * t;
  if (spread <= weight * 1e-9) return 0;
  return (weight * get(sums, at + TY) - t * get(sums, at + Y)) / spread;
}

/** The mean of the samples, as they are weighed now; 0 without any. */
export function meanOf(sums: Float64Array, at: number): number {
  const weight = get(sums, at + WEIGHT);
  return weight === 0 ? 0 : get(sums, at + Y) / weight;
}

/**
 * How much of the samples' up and down the line explains, 0 to 1: near 1 for steady growth, near 0 for noise about a
 * level.
 */
export function explainedShare(sums: Float64Array, at: number): number {
  const weight = get(sums, at + WEIGHT);
  if (weight === 0) return 0;
  const t = get(sums, at + T);
  const y = get(sums, at + Y);
  const tt = get(sums, at + TT) - (t * t) / weight;
  const yy = get(sums, at + YY) - (y * y) / weight;
  const ty = get(sums, at + TY) - (t * y) / weight;
  // Sums of squares of large numbers: what is left of a flat series is rounding.
  if (tt <= 1e-9 || yy <= get(sums, at + YY) * 1e-12) return 0;
  return Math.min(1, (ty * ty) / (tt * yy));
}

/** How far the samples reach over time, as their standard deviation in seconds: a third or so of the span of even ones. */
export function spreadSeconds(sums: Float64Array, at: number): number {
  const weight = get(sums, at + WEIGHT);
  if (weight === 0) return 0;
  const t = get(sums, at + T) / weight;
  return Math.sqrt(Math.max(0, get(sums, at + TT) / weight - t * t));
}

/** The weight of all samples: 1 for the first, at most about window / interval. */
export function weightOf(sums: Float64Array, at: number): number {
  return get(sums, at + WEIGHT);
}

function get(sums: Float64Array, index: number): number {
  return sums[index] ?? 0;
}
