import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { bootId, identify, takeIdentity } from '#linux/identity.ts';
import { openPidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';
import { countDescriptors, NO_PID, startProcess, startZombie } from './support.ts';

test('the boot id is the kernel’s', () => {
  expect(bootId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).toBe(`${bootId()}\n`);
});

test('an identity names its process, and holds it', async () => {
  await using child = await startProcess();
  const taken = takeIdentity(child.pid);
  using pidfd = taken?.pidfd;
  expect(taken?.identity).toEqual({
    pid: child.pid,
    startTicks: readStat(child.pid)?.startTicks,
    bootId: bootId(),
    pidfdId: pidfd?.inode(),
  });
  expect(taken?.stat.ppid).toBe(process.pid);
  expect(pidfd?.alive()).toBe(true);
  await child.end();
  expect(pidfd?.alive()).toBe(false);
});

test('the same process gives the same identity, another gives another', async () => {
  await using child = await startProcess();
  await using other = await startProcess();
  using first = takeIdentity(child.pid)?.pidfd;
  using again = takeIdentity(child.pid)?.pidfd;
  using different = takeIdentity(other.pid)?.pidfd;
  expect(again?.inode()).toBe(first?.inode());
  expect(different?.inode()).not.toBe(first?.inode());
});

test('no process, or a zombie: nothing is taken, and nothing kept open', async () => {
  await using child = await startProcess();
  await using zombie = await startZombie();
  await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
  await child.end();
  const before = countDescriptors();
  for (const pid of [child.pid, zombie.pid, NO_PID, 0, -1, 1.5]) expect(takeIdentity(pid)).toBeUndefined();
  expect(countDescriptors()).toBe(before);
});

test('a pidfd and the pid of another process are not taken for one once it has exited', async () => {
  await using child = await startProcess();
  using pidfd = openPidfd(child.pid);
  await child.end();
  // As after a reuse: the pid is somebody's, the pidfd is not his.
  expect(pidfd && identify(process.pid, pidfd)).toBeUndefined();
});
