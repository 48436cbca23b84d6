import { forkExecUs, killUs } from '#test/bench/support/costs.ts';
import { between } from '#test/bench/support/paired.ts';
import { startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { Guard } from '../../support/guard.ts';

const SIGTERM = 15;
const SIGKILL = 9;
const commands = 60;
const batches = 20;
const rounds = 30;
/** Rounds that are thrown away. */
const warmup = 2;

/** What things take, microseconds. */
interface Sample {
  readonly forkExec: number;
  readonly kill: number;
  readonly refused: number;
}

/** The same with sentinel and guard, and without them before and after. Prints the pairs as JSON. */
export async function run(): Promise<void> {
  await using target = await startStubborn();
  await using guarded = await startSleeper();
  const forkExec = (): number => forkExecUs(commands);
  const kill = (): number => killUs(target.pid, SIGTERM, { batches });

  const underGuard = async (): Promise<Sample> => {
    await using guard = new Guard();
    guard.lease(1n, { strict: true });
    guard.mark(guarded.pid, 1n);
    return { forkExec: forkExec(), kill: kill(), refused: killUs(guarded.pid, SIGKILL, { batches, result: -1 }) };
  };
  const plain = (): Sample => {
    const killed = kill();
    // What is refused, beside a kill that goes through.
    return { forkExec: forkExec(), kill: killed, refused: killed };
  };

  for (let round = 0; round < warmup; round += 1) await underGuard();
  const references = [plain()];
  const values: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    values.push(await underGuard());
    references.push(plain());
  }
  const of = (name: keyof Sample): ReturnType<typeof between> =>
    between(
      values.map((sample) => sample[name]),
      references.map((sample) => sample[name]),
    );
  console.log(JSON.stringify({ forkExec: of('forkExec'), kill: of('kill'), refused: of('refused') }));
}
