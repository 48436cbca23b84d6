import { forkExecUs, killUs } from '#test/bench/support/costs.ts';
import { measurePaired, type Paired } from '#test/bench/support/paired.ts';
import { startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { Guard } from '../../support/guard.ts';

const SIGTERM = 15;
const SIGKILL = 9;
const commands = 80;
const batches = 20;
const options = { pairs: 25, warmup: 2 };

/** The same with sentinel and guard, and without them, in turn. Prints the pairs as JSON. */
export async function run(): Promise<void> {
  await using target = await startStubborn();
  await using guarded = await startSleeper();

  const underGuard = async (measure: () => number): Promise<number> => {
    await using guard = new Guard();
    guard.lease(1n, { strict: true });
    guard.mark(guarded.pid, 1n);
    return measure();
  };
  const pairOf = (measure: () => number, plain = measure): Promise<Paired> =>
    measurePaired(() => underGuard(measure), plain, options);

  const forkExec = await pairOf(() => forkExecUs(commands));
  const kill = await pairOf(() => killUs(target.pid, SIGTERM, { batches }));
  // What is refused, beside a kill that goes through.
  const refused = await pairOf(
    () => killUs(guarded.pid, SIGKILL, { batches, result: -1 }),
    () => killUs(target.pid, SIGTERM, { batches }),
  );
  console.log(JSON.stringify({ forkExec, kill, refused }));
}
