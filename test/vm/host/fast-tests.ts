import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from './bench.ts';
import { fastMachine } from './fast-machine.ts';
import { passes } from './passes.ts';
import { scenariosOf, type Scenario } from './scenarios.ts';
import { timesTable } from './times.ts';

/**
 * A fast machine with a part of its scenarios, as tests: each part has a machine of its own, and several run side by side.
 *
 * @param isHere is the scenario of this part?
 */
export function testFastMachine(part: string, isHere: (scenario: Scenario) => boolean): void {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.prepare(fastMachine);
  });

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  describe(`Debian's stock kernel, all in memory: ${part}`, () => {
    test.for(scenariosOf('fast').filter(isHere))('$title', async ({ name }, context) => {
      await passes(bench, name, context);
    });

    test('powers off, and its kernel has complained of nothing', async ({ skip }) => {
      skip(bench.unavailable !== undefined, bench.unavailable);
      await bench.powerOff();
      console.log(timesTable(bench));
      expect(bench.complaints).toEqual([]);
    });
  });
}
