import { Bench } from '#test/vm/host/bench.ts';
import { fastMachine } from '#test/vm/host/fast-machine.ts';
import { tracersArchive } from '#test/vm/host/tracers.ts';

const scenarioMsMax = 1_200_000;

/**
 * Runs a scenario of the bench's in a virtual machine of its own, beside others' tracers.
 *
 * @param name its file in test/vm/guest/scenarios/bench
 * @returns the JSON that it printed last
 * @throws Error with the reason where there is no machine to be had, or where it fails
 */
export async function inMachine<Result>(name: string): Promise<Result> {
  await using bench = await Bench.prepare(async (folder) =>
    fastMachine(folder, { more: [await tracersArchive()], memoryMiB: 3072 }),
  );
  if (bench.unavailable !== undefined) throw new Error(bench.unavailable);
  const { outcome, reason, output } = await bench.run(`bench/${name}`, scenarioMsMax);
  if (outcome !== 'passed') throw new Error(reason ?? outcome);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Result;
}
