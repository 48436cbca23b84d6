import { readdirSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { isPid, openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';
import { countDescriptors, NO_PID, runModule, startProcess, startZombie } from './support.ts';

function open(pid: number): Pidfd {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) throw new Error(`no process ${pid}`);
  return pidfd;
}

describe('openPidfd', () => {
  test.each([0, -1, 2 ** 31, 2 ** 31 - 1, 2 ** 32 + process.pid, 1.5, Number.NaN, Infinity, NO_PID])(
    '%d names no process',
    (pid) => expect(openPidfd(pid)).toBeUndefined(),
  );

  test('a thread is no process', () => {
    const thread = readdirSync('/proc/self/task')
      .map(Number)
      .find((id) => id !== process.pid);
    expect(thread).toBeGreaterThan(0);
    expect(openPidfd(thread ?? 0)).toBeUndefined();
  });

  test('a process that was reaped is gone', async () => {
    await using child = await startProcess();
    await child.end();
    expect(openPidfd(child.pid)).toBeUndefined();
  });

  test('a kernel or sandbox that refuses is a failure, not "gone"', async () => {
    const { stdout } = await runModule(
      `import { openSync } from 'node:fs';
       import { openPidfd } from '#linux/pidfd.ts';
       try { for (;;) openSync('/dev/null'); } catch {}
       try { openPidfd(process.pid); } catch (error) { console.log(error.code, error.syscall); }`,
      ['/bin/sh', '-c', 'ulimit -n 40 && exec "$0" "$@"'],
    );
    expect(stdout).toBe('EMFILE pidfd_open\n');
  });
});

describe('alive', () => {
  test('until the process exits', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    expect(pidfd.alive()).toBe(true);
    expect(pidfd.alive()).toBe(true);
    await child.end();
    expect(pidfd.alive()).toBe(false);
  });

  test('a zombie has exited', async () => {
    await using zombie = await startZombie();
    await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
    using pidfd = open(zombie.pid);
    expect(pidfd.alive()).toBe(false);
  });

  test('whoever asks may get signals meanwhile', async () => {
    const { stdout } = await runModule(
      `import { openPidfd } from '#linux/pidfd.ts';
       import { Session } from 'node:inspector';
       const profiler = new Session();
       profiler.connect();
       profiler.post('Profiler.enable');
       // Its sampling is a signal to this thread, twenty thousand times a second.
       profiler.post('Profiler.setSamplingInterval', { interval: 50 });
       profiler.post('Profiler.start');
       const parent = openPidfd(${process.pid});
       let alive = true;
       for (let asked = 0; asked < 300_000 && alive; asked += 1) alive = parent.alive();
       console.log(alive);`,
    );
    expect(stdout).toBe('true\n');
  });

  test('two processes are not mixed up', async () => {
    await using first = await startProcess();
    await using second = await startProcess();
    using one = open(first.pid);
    using two = open(second.pid);
    await first.end();
    expect([one.alive(), two.alive()]).toEqual([false, true]);
  });
});

describe('sendSignal', () => {
  test('reaches the process, and says so', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    expect(pidfd.sendSignal(0)).toBe('sent');
    expect(pidfd.alive()).toBe(true);
    expect(pidfd.sendSignal(15)).toBe('sent');
    await vi.waitUntil(() => child.child.signalCode !== null);
    expect(child.child.signalCode).toBe('SIGTERM');
  });

  test('a reaped process is gone', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    await child.end();
    expect(pidfd.sendSignal(9)).toBe('gone');
  });

  test('no such signal: EINVAL', async () => {
    await using child = await startProcess();
    using pidfd = open(child.pid);
    expect(() => pidfd.sendSignal(999)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    expect(pidfd.alive()).toBe(true);
  });

  test.skipIf(process.getuid?.() !== 0)("another user's process: EPERM (needs root)", async () => {
    const { stdout } = await runModule(
      `import { openPidfd } from '#linux/pidfd.ts';
       const parent = openPidfd(${process.pid});
       process.setgid(65534);
       process.setuid(65534);
       try { console.log(parent.sendSignal(0)); } catch (error) { console.log(error.code, error.syscall); }`,
    );
    expect(stdout).toBe('EPERM pidfd_send_signal\n');
  });
});

describe('inode', () => {
  test('is the same for two pidfds of a process, and no other has it', async () => {
    await using child = await startProcess();
    using one = open(child.pid);
    using two = open(child.pid);
    using own = open(process.pid);
    expect(one.inode()).toMatch(/^[1-9][0-9]*$/);
    expect(two.inode()).toBe(one.inode());
    expect(own.inode()).not.toBe(one.inode());
  });
});

describe('close', () => {
  test('gives the descriptor back, once', () => {
    const before = countDescriptors();
    const pidfd = open(process.pid);
    expect(countDescriptors()).toBe(before + 1);
    pidfd.close();
    const other = open(process.pid);
    pidfd.close();
    expect(other.alive()).toBe(true);
    other.close();
    expect(countDescriptors()).toBe(before);
  });

  test('after it the pidfd does nothing, even where another has its number', () => {
    const closed = open(process.pid);
    closed.close();
    using other = open(process.pid);
    expect(other.fd).toBe(closed.fd);
    expect(closed.alive()).toBe(false);
    expect(() => closed.sendSignal(0)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(() => closed.inode()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  test('a child does not inherit it', async () => {
    using pidfd = open(process.pid);
    await using child = await startProcess();
    expect(readdirSync(`/proc/${child.pid}/fd`)).not.toContain(String(pidfd.fd));
  });
});

test('isPid', () => {
  expect([1, 2 ** 31 - 1].every(isPid)).toBe(true);
  expect([0, -1, 2 ** 31, 1.5, Number.NaN].some(isPid)).toBe(false);
});
