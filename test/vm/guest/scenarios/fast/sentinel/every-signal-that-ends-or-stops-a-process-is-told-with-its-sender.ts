import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { strangersPerl } from '../../../support/strangers.ts';

/** The default action of these neither ends nor stops (signal(7)). */
const harmless = new Set([17, 18, 23, 28]);
const stopping = new Set([19, 20, 21, 22]);
/** pid and signal, in turns. */
const program = 'while (@ARGV) { syscall(62, shift() + 0, shift() + 0) == 0 or die $! } print $$';

export async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const signals = Array.from({ length: 64 }, (_, index) => index + 1);
  const targets = new Map<number, number>();
  for (const signal of signals) targets.set(signal, stack.use(await startSleeper()).pid);
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);

  const { stdout } = await strangersPerl(program, ...signals.flatMap((signal) => [targets.get(signal) ?? 0, signal]));
  for (const signal of signals.filter((each) => !harmless.has(each))) {
    const seen = await log.first((event) => event.target.pid === targets.get(signal) && event.signal === signal);
    assert.deepEqual(
      [seen.outcome, seen.code, seen.count, seen.wholeProcess, seen.target.comm, seen.sender.comm, seen.sender.pid],
      ['delivered', 'user', 1, true, 'cat', 'perl', Number(stdout)],
      `signal ${String(signal)}`,
    );
  }
  assert.deepEqual(
    log.all((event) => event.sender.pid === Number(stdout)).map(({ signal }) => signal),
    signals.filter((signal) => !harmless.has(signal)),
  );
  // A stopped one is there still, and told as stopped only.
  for (const signal of stopping) process.kill(targets.get(signal) ?? 0, 0);
}
