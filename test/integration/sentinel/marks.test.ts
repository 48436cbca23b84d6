import { describe, expect, onTestFinished, test } from 'vitest';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';
import { pythonScript, sleeper, start } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';
import { until } from '#test/support/server/until.ts';

const SYS_EXIT = process.arch === 'arm64' ? 93 : 60;

/** Runs `act` on a thread when it is told to; the main thread sleeps, or has exited. */
const onThread = (act: string, main = 'time.sleep(300)'): string =>
  `import ctypes, os, sys, threading, time
sys.stdin.readline()
def act():
  time.sleep(0.1)
  ${act}
threading.Thread(target=act).start()
${main}`;

const terms = { endNs: 2n ** 63n, forbiddenSignals: [], mode: 'off' } as const;

function hold(pid: number): Pidfd {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) throw new Error(`process ${pid} is gone`);
  onTestFinished(() => pidfd.close());
  return pidfd;
}

describe.skipIf(skipReason !== undefined)(`marks${skipWords}`, () => {
  test('are set, read, replaced and taken away', async () => {
    const { sentinel } = new Watched();
    const { fd } = hold((await sleeper()).pid);
    expect(sentinel.markOf(fd)).toBeUndefined();
    expect(sentinel.mark(fd, 1n)).toBe(true);
    expect(sentinel.markOf(fd)).toBe(1n);
    expect(sentinel.mark(fd, 2n ** 64n - 1n)).toBe(true);
    expect(sentinel.markOf(fd)).toBe(2n ** 64n - 1n);
    expect(sentinel.unmark(fd)).toBe(true);
    expect(sentinel.unmark(fd)).toBe(false);
    expect(sentinel.markOf(fd)).toBeUndefined();
  });

  test('a process that is gone has none', async () => {
    const { sentinel } = new Watched();
    const process = await sleeper();
    const { fd } = hold(process.pid);
    process.child.kill('SIGKILL');
    await process.exited;
    expect(sentinel.mark(fd, 1n)).toBe(false);
    expect(sentinel.markOf(fd)).toBeUndefined();
    expect(sentinel.unmark(fd)).toBe(false);
  });

  test('children and their children have it, and keep it when their parents exit', async () => {
    const watched = new Watched();
    const root = await start('/bin/sh', ['-c', 'read go; (sleep 300 & echo $!) & wait; echo over; read go']);
    watched.sentinel.mark(hold(root.pid).fd, 7n);
    root.go();
    const grandchild = Number(await root.line());
    await root.line();
    expect(watched.sentinel.markOf(hold(grandchild).fd)).toBe(7n);
    const joined = await watched.until(() => watched.joins.find(({ pid }) => pid === grandchild));
    expect(joined).toMatchObject({ leaseNumber: 7n, marked: true, comm: 'sh', startTicks: readStat(grandchild)?.startTicks });
    expect(watched.joins.find(({ pid }) => pid === joined.parentPid)).toMatchObject({ parentPid: root.pid, leaseNumber: 7n });
    // What was forked is known before it has become what it is to be.
    await until(() => readStat(grandchild)?.comm === 'sleep');
    process.kill(grandchild, 'SIGKILL');
    const event = await watched.signal(grandchild, 9);
    expect(event).toMatchObject({ leaseNumber: 7n, target: { comm: 'sleep' } });
  });

  test('a child of any thread is covered before its first instruction', async () => {
    const watched = new Watched();
    const root = await pythonScript(onThread('os.fork() == 0 and os.kill(os.getpid(), 9)'));
    watched.sentinel.mark(hold(root.pid).fd, 8n);
    root.go();
    const joined = await watched.until(() => watched.joins.find(({ parentPid }) => parentPid === root.pid));
    const event = await watched.signal(joined.pid, 9);
    expect(event).toMatchObject({ leaseNumber: 8n, sender: { pid: joined.pid } });
    expect(await watched.until(() => watched.exits.find(({ pid }) => pid === joined.pid))).toMatchObject({ signal: 9 });
  });

  test.each([
    ['the leader waits', 'time.sleep(300)'],
    ['the leader has exited', `ctypes.CDLL(None).syscall(${SYS_EXIT}, 0)`],
  ])('exec from a thread keeps it: %s', async (_name, main) => {
    const watched = new Watched();
    const root = await pythonScript(onThread("os.execv('/bin/sh', ['sh', '-c', 'echo $$; exec sleep 300'])", main));
    const before = readStat(root.pid)?.startTicks;
    watched.sentinel.mark(hold(root.pid).fd, 9n);
    root.go();
    expect(await root.line()).toBe(String(root.pid));
    // A new pidfd: the old one is of the leader that is gone on some kernels.
    expect(watched.sentinel.markOf(hold(root.pid).fd)).toBe(9n);
    root.child.kill('SIGKILL');
    const exit = await watched.until(() => watched.exits.find(({ pid }) => pid === root.pid));
    expect(exit).toMatchObject({ leaseNumber: 9n, startTicks: before, signal: 9, exitCode: null });
    await root.exited;
    expect(watched.exits.filter(({ pid }) => pid === root.pid)).toHaveLength(1);
  });

  test('a thread is no member of its own', async () => {
    const watched = new Watched();
    const root = await pythonScript(onThread('print("ran", flush=True)'));
    watched.sentinel.mark(hold(root.pid).fd, 10n);
    root.go();
    await root.line();
    root.child.kill('SIGKILL');
    await watched.until(() => watched.exits.find(({ pid }) => pid === root.pid));
    expect(watched.joins.filter(({ parentPid }) => parentPid === root.pid)).toEqual([]);
  });

  test('a lease for one process alone is not passed on, the one that it is nested in is', async () => {
    const watched = new Watched();
    const { sentinel } = watched;
    sentinel.setLease(20n, terms);
    sentinel.setLease(21n, { ...terms, processOnly: true, parentNumber: 20n });
    sentinel.setLease(22n, { ...terms, processOnly: true });
    const children: number[] = [];
    for (const lease of [21n, 22n]) {
      const root = await start('/bin/sh', ['-c', 'read go; sleep 300 & echo $!; read go']);
      sentinel.mark(hold(root.pid).fd, lease);
      root.go();
      children.push(Number(await root.line()));
    }
    expect(children.map((pid) => sentinel.markOf(hold(pid).fd))).toEqual([20n, undefined]);
    for (const pid of children) process.kill(pid, 'SIGKILL');
  });

  test("the server's mark is not passed on, and is no lease", async () => {
    const watched = new Watched();
    const root = await start('/bin/sh', ['-c', 'read go; sleep 300 & echo $!; read go']);
    watched.sentinel.markServer(hold(root.pid).fd);
    root.go();
    const child = Number(await root.line());
    expect(watched.sentinel.markOf(hold(child).fd)).toBeUndefined();
    expect(watched.sentinel.markOf(hold(root.pid).fd)).toBeUndefined();
    process.kill(child, 'SIGKILL');
  });
});

describe.skipIf(skipReason !== undefined)(`exits of marked processes${skipWords}`, () => {
  test.each([
    ['exit 7', { exitCode: 7, signal: null, coreDumped: false }],
    ['exit 0', { exitCode: 0, signal: null, coreDumped: false }],
    ['exit 137', { exitCode: 137, signal: null, coreDumped: false }],
    ['kill -KILL $$', { exitCode: null, signal: 9, coreDumped: false }],
    ['kill -TERM $$', { exitCode: null, signal: 15, coreDumped: false }],
    ['exec kill -64 $$', { exitCode: null, signal: 64, coreDumped: false }],
  ])('%s', async (script, ending) => {
    const watched = new Watched();
    const root = await start('/bin/bash', ['-c', `read go; ${script}`]);
    const startTicks = readStat(root.pid)?.startTicks;
    watched.sentinel.mark(hold(root.pid).fd, 30n);
    root.go();
    const exit = await watched.until(() => watched.exits.find(({ pid }) => pid === root.pid));
    expect(exit).toMatchObject({ ...ending, leaseNumber: 30n, uid: process.getuid?.(), startTicks });
  });

  test('of a process of many threads: once, with the status of the whole', async () => {
    const watched = new Watched();
    const threads = 'for _ in range(20): threading.Thread(target=time.sleep, args=(300,)).start()';
    const root = await pythonScript(`import os, sys, threading, time\nsys.stdin.readline()\n${threads}\nos._exit(3)`);
    watched.sentinel.mark(hold(root.pid).fd, 31n);
    root.go();
    await root.exited;
    await watched.until(() => watched.exits.some(({ pid }) => pid === root.pid));
    expect(watched.exits.filter(({ pid }) => pid === root.pid)).toMatchObject([{ exitCode: 3, signal: null }]);
  });
});

describe.skipIf(skipReason !== undefined)(`lease terms${skipWords}`, () => {
  test('are ended and forgotten', () => {
    const { sentinel } = new Watched();
    sentinel.setLease(1n, terms);
    expect(sentinel.endLease(1n)).toBe(true);
    expect(sentinel.endLease(2n)).toBe(false);
    expect(sentinel.forgetLease(1n)).toBe(true);
    expect(sentinel.forgetLease(1n)).toBe(false);
  });

  test('a guard ends within ten minutes, by the kernel alone', () => {
    const { sentinel } = new Watched();
    const now = process.hrtime.bigint();
    const enforce = { forbiddenSignals: [9], mode: 'enforce' } as const;
    sentinel.setLease(1n, { ...enforce, endNs: now + 599_000_000_000n });
    expect(() => sentinel.setLease(1n, { ...enforce, endNs: now + 602_000_000_000n })).toThrow(RangeError);
  });

  test.each([0, 65, -1, 1.5, Number.NaN])('%s is no signal', (signal) => {
    const { sentinel } = new Watched();
    expect(() => sentinel.setLease(1n, { ...terms, forbiddenSignals: [signal] })).toThrow(RangeError);
  });

  test('0 is no lease', () => {
    const { sentinel } = new Watched();
    expect(() => sentinel.setLease(0n, terms)).toThrow(RangeError);
  });
});
