import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { runScript, type TestProcess } from '#test/support/server/processes.ts';
import { Guard } from '../../../support/guard.ts';
import { waysProgram } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** Starts a child that it tells, and then sends a signal to whom it is told to, from a grandchild. */
function startTree(): TestProcess {
  const kill = `sh -c '"$@"; exit $?' sh perl -e "$1" -- kill "$pid" "$pid" "$signal"`;
  return runScript(`sleep 1000 & echo $!; while read -r pid signal; do ${kill}; echo; done <&3; wait`, { args: [waysProgram] });
}

async function ask(tree: TestProcess, pid: number, signal: number): Promise<number> {
  tree.say(`${String(pid)} ${String(signal)}\n`);
  return Number(await tree.line());
}

export async function run(): Promise<void> {
  await using one = startTree();
  await using other = startTree();
  const child = Number(await one.line());
  const otherChild = Number(await other.line());
  await using guard = new Guard();
  guard.lease(1n, { strict: true });
  guard.lease(2n, { strict: true });
  guard.lease(3n, { strict: true, parentNumber: 1n });
  guard.mark(one.pid, 1n);
  guard.mark(child, 3n);
  guard.mark(other.pid, 2n);
  guard.mark(otherChild, 2n);

  assert.equal(await ask(other, child, 9), EPERM);
  assert.equal(await ask(one, otherChild, 9), EPERM);
  // A lease that is nested in the sender's: the sender's lease covers the target too.
  assert.equal(await ask(one, child, 0), 0);
  assert.equal(await ask(one, child, 9), 0);
  assert.equal(await ask(other, otherChild, 9), 0);
}
