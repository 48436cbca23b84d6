import { median, percentile } from './statistics.ts';

/** One measurement; what it returns is the sample, in any unit. */
export type Measure = () => number | Promise<number>;

export interface Paired {
  /** Samples of what is measured, and of the floor that it is held against. */
  readonly values: readonly number[];
  readonly references: readonly number[];
  readonly value: number;
  readonly reference: number;
  /** The median of the ratios within each pair: a slow second of the machine slows both of a pair. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

export interface PairedOptions {
  readonly pairs: number;
  /** Pairs that are measured and thrown away. */
  readonly warmup?: number;
}

/** Measures in turn, and starts every other pair with the other one: A B, B A, A B, … */
export async function measurePaired(value: Measure, reference: Measure, options: PairedOptions): Promise<Paired> {
  const { pairs, warmup = 2 } = options;
  const values: number[] = [];
  const references: number[] = [];
  for (let pair = -warmup; pair < pairs; pair += 1) {
    const valueFirst = pair % 2 === 0;
    const first = await (valueFirst ? value : reference)();
    const second = await (valueFirst ? reference : value)();
    if (pair < 0) continue;
    values.push(valueFirst ? first : second);
    references.push(valueFirst ? second : first);
  }
  return paired(values, references);
}

/** Samples that were taken in turn, as pairs. */
export function paired(values: readonly number[], references: readonly number[]): Paired {
  const ratios = values.map((sample, index) => sample / (references[index] ?? Number.NaN));
  return { values, references, value: median(values), reference: median(references), ratio: median(ratios), ratios };
}

/**
 * Each value held against what was measured right before and right after it: where the machine grows slower all the while,
 * that is in neither's favour.
 *
 * @param references one more than values
 */
export function between(values: readonly number[], references: readonly number[]): Paired {
  const around = values.map((_, index) => Math.sqrt((references[index] ?? Number.NaN) * (references[index + 1] ?? Number.NaN)));
  return paired(values, around);
}

/** How far the ratios lie apart, in words: the middle half of them, and all. */
export function spreadWords({ ratios }: Paired): string {
  const at = (p: number): string => percentile(ratios, p).toFixed(2);
  return `ratio ${at(50)}, half within ${at(25)} to ${at(75)}, all within ${at(0)} to ${at(100)}, ${String(ratios.length)} pairs`;
}
