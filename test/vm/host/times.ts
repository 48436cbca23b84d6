import type { Bench } from './bench.ts';

/** Where the time of a machine went: its boots, and its scenarios, the longest first. */
export function timesTable({ boots, times }: Bench): string {
  const longestFirst = [...times].toSorted(([, a], [, b]) => b - a);
  const total = longestFirst.reduce((sum, [, ms]) => sum + ms, 0);
  const line = (words: string, ms: number): string => `${(ms / 1000).toFixed(1).padStart(7)} s  ${words}`;
  return [
    ...boots.map((ms, index) => line(`boot ${String(index + 1)}`, ms)),
    line(`${String(times.size)} scenarios`, total),
    ...longestFirst.map(([name, ms]) => line(`  ${name}`, ms)),
  ].join('\n');
}
