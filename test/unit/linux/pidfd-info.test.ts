import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasPureCgroup2 } from '#linux/own-cgroup.ts';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { cgroupIdOfHeld, parentOfHeld, uidsOfHeld } from '#linux/pidfd-info.ts';
import { readCredentials } from '#linux/proc-status.ts';
import { readParent } from '#linux/proc-stat.ts';
import { readCgroup } from '#linux/proc-text.ts';
import { startProcess, startScript } from './support.ts';

function open(pid: number): Pidfd {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) throw new Error(`no process ${pid}`);
  return pidfd;
}

/** Does this kernel tell of a pidfd? */
function tells(): boolean {
  using own = open(process.pid);
  return parentOfHeld(own) !== undefined;
}

const isKnown = tells();
const isRoot = process.getuid?.() === 0;

describe('a kernel that tells of a pidfd (PIDFD_GET_INFO, Linux 6.13)', () => {
  test.skipIf(!isKnown)('says of a process what /proc says', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    expect(parentOfHeld(pidfd)).toBe(process.pid);
    expect(parentOfHeld(pidfd)).toBe(readParent(child.pid)?.ppid);
    expect(uidsOfHeld(pidfd)).toEqual(readCredentials(child.pid)?.uids);
  });

  test.skipIf(!isKnown)('tells the cgroup of a process, which its children share', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    using own = open(process.pid);
    expect(cgroupIdOfHeld(pidfd)).toMatch(/^[1-9]\d*$/);
    expect(cgroupIdOfHeld(pidfd)).toBe(cgroupIdOfHeld(own));
    const path = readCgroup(process.pid);
    if (hasPureCgroup2() && path !== undefined) {
      expect(cgroupIdOfHeld(own)).toBe(statSync(`/sys/fs/cgroup${path}`, { bigint: true }).ino.toString());
    }
  });

  test.skipIf(!isKnown || !isRoot)('tells the three uids apart (needs root)', async () => {
    await using child = await startScript('exec setpriv --ruid 65532 --euid 65533 --regid 65534 --clear-groups cat');
    using pidfd = open(child.pid);
    expect(uidsOfHeld(pidfd)).toEqual(readCredentials(child.pid)?.uids);
    expect(uidsOfHeld(pidfd)).toMatchObject({ real: 65532, effective: 65533 });
  });

  test.skipIf(!isKnown)('knows a new parent at once', async () => {
    await using shell = await startScript('sleep 600 </dev/null >/dev/null 2>&1 & echo $!; exec cat');
    using orphan = open(Number(shell.printed.split('\n')[0]));
    try {
      expect(parentOfHeld(orphan)).toBe(shell.pid);
      await shell.end();
      expect(parentOfHeld(orphan)).not.toBe(shell.pid);
    } finally {
      orphan.sendSignal(9);
    }
  });
});

test('of a process that is gone, and by a closed pidfd, nothing is told', async () => {
  await using child = await startProcess();
  using pidfd = open(child.pid);
  await child.end();
  expect(parentOfHeld(pidfd)).toBeUndefined();
  expect(uidsOfHeld(pidfd)).toBeUndefined();
  const closed = open(process.pid);
  closed.close();
  expect(parentOfHeld(closed)).toBeUndefined();
  expect(isKnown, 'one that is gone says nothing about the kernel').toBe(tells());
});
