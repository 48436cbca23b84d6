import { readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inInitialPidNamespace, inInitialUserNamespace, samePidNamespace, sameUserNamespace } from '#linux/namespaces.ts';
import { listPids } from '#linux/process-list.ts';
import { readStat } from '#linux/proc-stat.ts';
import { NO_PID, runModule, startProcess, startScript } from './support.ts';

const isRoot = process.getuid?.() === 0;

describe('PID namespaces', () => {
  test('a child is in ours', async () => {
    await using child = await startProcess();
    expect(samePidNamespace(child.pid)).toBe(true);
    await child.end();
    expect(samePidNamespace(child.pid)).toBeUndefined();
    expect(samePidNamespace(NO_PID)).toBeUndefined();
  });

  test.skipIf(!isRoot)('a process of a namespace below ours is not (needs root)', async () => {
    await using outer = await startScript('exec unshare --pid --fork --kill-child cat');
    const inner = listPids().find((pid) => readStat(pid)?.ppid === outer.pid);
    expect(inner).toBeDefined();
    expect(samePidNamespace(inner ?? 0)).toBe(false);
    expect(samePidNamespace(outer.pid)).toBe(true);
  });

  test.skipIf(!isRoot)('which anyone may know, of a process that is not his (needs root)', async () => {
    await using outer = await startScript('exec unshare --pid --fork --kill-child cat');
    const inner = listPids().find((pid) => readStat(pid)?.ppid === outer.pid);
    const { stdout } = await runModule(
      `import { samePidNamespace } from '#linux/namespaces.ts';
       process.setgid(65534);
       process.setuid(65533);
       console.log(samePidNamespace(${inner}), samePidNamespace(${outer.pid}));`,
    );
    expect(stdout).toBe('false true\n');
  });

  test('the first one is known by its number', () => {
    expect(inInitialPidNamespace()).toBe(readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]');
  });
});

describe('user namespaces', () => {
  test('a child is in ours', async () => {
    await using child = await startProcess();
    expect(sameUserNamespace(child.pid)).toBe(true);
    expect(sameUserNamespace(NO_PID)).toBeUndefined();
  });

  test.skipIf(!isRoot)('a process of a namespace below ours is not, uid 0 or not (needs root)', async () => {
    await using child = await startScript('exec unshare --user --map-root-user cat');
    expect(sameUserNamespace(child.pid)).toBe(false);
  });

  test('the first one is known by its number', () => {
    expect(inInitialUserNamespace()).toBe(readlinkSync('/proc/self/ns/user') === 'user:[4026531837]');
  });
});
