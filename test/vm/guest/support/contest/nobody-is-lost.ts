import assert from 'node:assert/strict';
import { contest } from './contest.ts';
import { hogs, type Contest, type HogName } from './kinds.ts';

export interface Told extends Contest {
  /** The signals that hogs were sent, in the order of their first. */
  readonly signals: readonly number[];
}

/** One kind of hog with the product alone. @throws AssertionError where it, or the kernel, took one who must not die */
export async function nobodyIsLost(name: HogName): Promise<Told> {
  const { story, ...result } = await contest('omnid', hogs[name]);
  console.log(result, story);
  assert.deepEqual(result.lost, []);
  assert.equal(result.kernelKills, 0);
  assert.ok(result.settled);
  const signals = story.map((line) => Number(/ ms: (\d+) delivered/.exec(line)?.[1])).filter((signal) => signal > 0);
  return { ...result, story, signals: [...new Set(signals)] };
}
