import { expect, test } from 'vitest';
import { CommandTree } from '#cli/trace/command-tree.ts';
import { killMember, parentOf, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

test('a process that was seen in the tree stays in it, re-parented or not', async () => {
  await using root = runScript("sh -c 'cat <&3 >/dev/null & echo $!; read -r _ <&3' & read -r _ <&3; cat <&3");
  const child = Number(await root.line());
  const middle = parentOf(child);
  const orphan = { pid: child, startTicks: startTicksOf(child), ancestry: [] };
  using tree = new CommandTree(root.pid);
  tree.look();
  expect(tree.has(orphan)).toBe(true);
  killMember(middle, startTicksOf(middle));
  await until(() => parentOf(child) !== middle);
  tree.look();
  expect(tree.has(orphan)).toBe(true);
  expect(tree.has({ ...orphan, startTicks: '1' })).toBe(false);
});

test('by its ancestry it belongs too, and is known from then on; a stranger does not', async () => {
  await using root = await startSleeper();
  await using stranger = await startSleeper();
  using tree = new CommandTree(root.pid);
  const gone = { pid: 2 ** 22 + 1, startTicks: '7' };
  expect(tree.has({ ...gone, ancestry: [] })).toBe(false);
  expect(tree.has({ ...gone, ancestry: [{ pid: root.pid, comm: 'cat' }] })).toBe(true);
  expect(tree.has({ ...gone, ancestry: [] })).toBe(true);
  expect(tree.has({ pid: stranger.pid, ancestry: [{ pid: process.pid, comm: 'node' }] })).toBe(false);
});
