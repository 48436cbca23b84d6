import type { TestContext } from 'vitest';
import type { Bench } from './bench.ts';

/** Runs a scenario as a test: fails with what it said, is skipped for its reason. */
export async function passes(bench: Bench, scenario: string, { skip }: TestContext): Promise<void> {
  skip(bench.unavailable !== undefined, bench.unavailable);
  const { outcome, reason = '', output } = await bench.run(scenario);
  skip(outcome === 'skipped', reason);
  if (outcome === 'failed') throw new Error(output === '' ? reason : `${reason}\n--- it printed ---\n${output}`);
}
