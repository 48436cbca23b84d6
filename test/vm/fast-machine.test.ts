import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from './host/bench.ts';
import { fastMachine } from './host/fast-machine.ts';
import { passes } from './host/passes.ts';
import { scenariosOf } from './host/scenarios.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.prepare(fastMachine);
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("Debian's stock kernel, all in memory", () => {
  test.for(scenariosOf('fast'))('$title', async ({ name }, context) => {
    await passes(bench, name, context);
  });

  test('powers off, and its kernel has complained of nothing', async ({ skip }) => {
    skip(bench.unavailable !== undefined, bench.unavailable);
    await bench.powerOff();
    console.log(`boots, ms: ${bench.boots.join(', ')}`);
    expect(bench.complaints).toEqual([]);
  });
});
