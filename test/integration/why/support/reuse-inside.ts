// Runs as root in a PID namespace of its own, where pids can be chosen. Prints `ok` at the end.
import assert from 'node:assert/strict';
import { startNow, startWithPid } from '#test/integration/server/pid-reuse/newcomer.ts';
import { startStubborn, startTicksOf } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

async function main(): Promise<void> {
  await using served = await serve();
  const { wire } = served;
  const old = await startStubborn();
  const { pid } = old;
  const oldTicks = startTicksOf(pid);
  await wire.call('process.terminate', { pid, graceMs: 50, reason: 'the first' });
  await old.ended;
  // Another start time: within one tick they could not be told apart by it.
  await until(async () => {
    await using probe = await startNow();
    return probe.startTicks !== oldTicks;
  });
  await using newcomer = await startWithPid(pid);

  const running = await wire.call('process.explain', { pid });
  assert.equal(running.ending.kind, 'running');
  assert.equal(running.process?.startTicks, newcomer.startTicks);
  assert.deepEqual(running.before, []);
  assert.deepEqual(
    running.others.map(({ startTicks }) => startTicks),
    [oldTicks],
  );

  const first = await wire.call('process.explain', { pid, startTicks: oldTicks });
  assert.match(first.answer, /was killed by SIGKILL through the server.*"the first"$/);
  assert.deepEqual(
    first.others.map(({ startTicks }) => startTicks),
    [newcomer.startTicks],
  );

  await wire.call('process.terminate', { pid, signal: 9, reason: 'the second' });
  const second = await wire.call('process.explain', { pid });
  assert.match(second.answer, /"the second"$/);
  assert.equal(second.process?.startTicks, newcomer.startTicks);
  assert.deepEqual(second.before, []);
  console.log('ok');
}

// The namespace, and all that is in it, ends with the test that waits for us.
process.stdin.on('end', () => process.exit()).resume();
await main();
process.exit();
