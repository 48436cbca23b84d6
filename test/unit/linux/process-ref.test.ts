import { realpathSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { describeProcess } from '#linux/process-ref.ts';
import { readStat } from '#linux/proc-stat.ts';
import { countDescriptors, NO_PID, startNamed, startProcess, startScript, startZombie } from './support.ts';

test('tells who a process is, and whose child', async () => {
  await using child = await startProcess();
  const before = countDescriptors();
  expect(describeProcess(child.pid)).toMatchObject({
    pid: child.pid,
    startTicks: readStat(child.pid)?.startTicks,
    uid: process.getuid?.(),
    comm: 'cat',
    cmdline: '/bin/cat',
  });
  expect(describeProcess(child.pid)?.exe).toBe(realpathSync('/bin/cat'));
  expect(describeProcess(child.pid)?.ancestry[0]).toEqual({ pid: process.pid, comm: readStat(process.pid)?.comm });
  expect(countDescriptors()).toBe(before);
});

test('the ancestry goes nearest first, eight levels up', async () => {
  // Each shell prints its pid and is the parent of the next; the tenth becomes `cat`.
  const nest = 'echo $$; [ "$1" -eq 0 ] && exec cat; sh -c "$NEST" sh $(($1 - 1)); exit';
  await using outermost = await startScript('export NEST="$1"; sh -c "$NEST" sh 9; exit', 'sh', nest);
  const pids = outermost.printed.trim().split('\n').map(Number);
  const described = describeProcess(pids.at(-1) ?? 0);
  expect(pids).toHaveLength(10);
  expect(described?.comm).toBe('cat');
  expect(described?.ancestry).toEqual(
    pids
      .slice(1, 9)
      .toReversed()
      .map((pid) => ({ pid, comm: 'sh' })),
  );
});

test.skipIf(process.getuid?.() !== 0)('the uid is the effective one (needs root)', async () => {
  await using child = await startScript('exec setpriv --euid 65533 cat');
  expect(describeProcess(child.pid)?.uid).toBe(65533);
});

test('a hostile name is told as it is', async () => {
  await using child = await startNamed(Buffer.from(') S 1 (\n\x1b[2J'));
  expect(describeProcess(child.pid)?.comm).toBe(') S 1 (\n\x1b[2J');
  expect(describeProcess(child.pid)?.ancestry[0]?.pid).toBe(process.pid);
});

test('of a zombie: its name and ancestry, no texts', async () => {
  await using zombie = await startZombie();
  await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
  const described = describeProcess(zombie.pid);
  expect(described).toMatchObject({ pid: zombie.pid, comm: 'sh' });
  expect(described?.ancestry[0]).toEqual({ pid: zombie.parent.pid, comm: 'cat' });
  expect(described).not.toHaveProperty('exe');
  expect(described).not.toHaveProperty('cgroup');
});

test('gone, or never there', async () => {
  await using child = await startProcess();
  await child.end();
  for (const pid of [child.pid, NO_PID, 0, -1, 1.5]) expect(describeProcess(pid)).toBeUndefined();
});
