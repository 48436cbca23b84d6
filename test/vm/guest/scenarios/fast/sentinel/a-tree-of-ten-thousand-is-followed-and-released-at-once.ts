import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { runScript } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { sendEach } from '../../../support/ways.ts';

const { EPERM } = constants.errno;
const forks = 10_000;
/** How many of them live together. */
const living = 1000;

/** A shell forks in a third of the time that Perl takes. Those that live read from a pipe in which nothing comes. */
const script = `
  read -r go <&3
  i=0; while [ $i -lt "$2" ]; do (read -r never <&3) & echo $!; i=$((i + 1)); done
  while [ $i -lt "$1" ]; do (:); i=$((i + 1)); done
  echo done
  wait
`;

export async function run(): Promise<void> {
  await using tree = runScript(script, { args: [String(forks), String(living)] });
  await using guard = new Guard();
  let joined = 0;
  let exited = 0;
  let unmarked = 0;
  let dropped = 0;
  guard.sentinel.onJoins((batch) => {
    joined += batch.length;
    unmarked += batch.filter(({ marked }) => !marked).length;
  });
  guard.sentinel.onExits((batch) => (exited += batch.length));
  guard.sentinel.onDropped(({ count }) => (dropped += count));
  guard.lease(1n, { strict: true });
  guard.mark(tree.pid, 1n);
  const started = performance.now();
  tree.say('go\n');
  const children: number[] = [];
  for (let line = await tree.line(); line !== 'done'; line = await tree.line()) children.push(Number(line));
  console.log(`${String(forks)} forks in ${String(Math.round(performance.now() - started))} ms`);
  assert.equal(children.length, living);
  await until(() => joined + dropped >= forks && exited + dropped >= forks - living);
  assert.deepEqual({ joined, exited, unmarked, dropped }, { joined: forks, exited: forks - living, unmarked: 0, dropped: 0 });

  const refused = await sendEach(children[0]!, [9]);
  assert.deepEqual(refused, [EPERM]);
  for (const pid of children) assert.equal(guard.markOf(pid), 1n);
  const before = performance.now();
  guard.sentinel.endLease(1n);
  const tookMs = performance.now() - before;
  console.log(`the lease of ${String(living)} ended in ${tookMs.toFixed(2)} ms`);
  assert.deepEqual(await sendEach(children.at(-1)!, [9]), [0]);
}
