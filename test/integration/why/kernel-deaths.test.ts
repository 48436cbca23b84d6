import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import type { Served } from '#test/support/server/served.ts';
import { serveSeeing, startCovered, startPython, whyPid } from './support/seeing.ts';

const hasPython = spawnSync(python, ['--version']).status === 0;
const skips = skipReason !== undefined || !hasPython;

/** A terminal of its own, which is closed once a line came; the child is its foreground group. */
const closer = `import os, pty, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(master, 1)
print(pid, flush=True)
sys.stdin.readline()
os.close(master)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)`;

/** Traces a process (PTRACE_SEIZE), does one thing to it, and waits to be told to end. */
const tracer = (options: string, act: string): string => `import ctypes, os, signal, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
assert libc.ptrace(0x4206, pid, 0, ${options}) == 0, ctypes.get_errno()
${act}
print("done", flush=True)
sys.stdin.readline()`;

/** PTRACE_KILL; a tracer has to take note before the parent can. */
const kill = 'assert libc.ptrace(8, pid, 0, 0) == 0; os.waitpid(pid, 0x40000000)';
/** It is stopped as it is to get a signal, and let go (PTRACE_DETACH) with another in its place. */
const detachKilling = 'os.kill(pid, signal.SIGWINCH); os.waitpid(pid, 0x40000000); assert libc.ptrace(17, pid, 0, 9) == 0';

describe.skipIf(skips)(
  `deaths by the kernel’s hand${skipReason === undefined ? ' (skipped without Python)' : skipWords}`,
  () => {
    let served: Served;

    beforeAll(async () => {
      served = await serveSeeing();
    });

    afterAll(async () => {
      await served[Symbol.asyncDispose]();
    });

    test('SIGHUP: its terminal was closed', async () => {
      await using terminal = startPython(closer, '/bin/sh', '-c', 'echo ready; exec cat');
      const pid = Number(await terminal.line());
      await served.wire.call('lease.register', { pid });
      terminal.say('now\n');
      expect(await terminal.line()).toBe('-1');
      const why = await whyPid(served, pid);
      expect(why.answer).toMatch(/was ended by SIGHUP: its terminal was closed, or its session's leader ended$/);
      expect(why).toMatchObject({
        ending: { kind: 'signaled', signal: 1, source: 'wait' },
        cause: { kind: 'hangup', reraised: false },
        lease: { effect: 'beyond' },
      });
    });

    test('SIGALRM: its own timer', async () => {
      await using script = startPython(
        'import signal, sys; sys.stdin.readline(); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()',
      );
      const { pid } = await startCovered(served, script);
      await script.ended;
      const why = await whyPid(served, pid);
      expect(why.answer).toMatch(/was ended by SIGALRM: a timer that it had set ran out$/);
      expect(why).toMatchObject({
        ending: { kind: 'signaled', signal: 14 },
        cause: { kind: 'timer' },
        lease: { effect: 'beyond' },
      });
    });

    test('SIGKILL: the end of its tracer (PTRACE_O_EXITKILL)', async () => {
      await using traced = await startSleeper();
      await served.wire.call('lease.register', { pid: traced.pid });
      await using by = startPython(tracer('0x100000', ''), traced.pid);
      expect(await by.line()).toBe('done');
      by.say('now\n');
      await traced.ended;
      const why = await whyPid(served, traced.pid);
      expect(why.answer).toMatch(
        /was killed by SIGKILL, for python3?\S* .* ended: the init of its PID namespace, or its tracer$/,
      );
      expect(why).toMatchObject({
        ending: { kind: 'signaled', signal: 9 },
        cause: { kind: 'senderEnd', by: { pid: by.pid } },
      });
    });

    test.each([
      // It looks to everybody as cgroup.kill does: both are named.
      ['PTRACE_KILL', kill, /was killed by SIGKILL through its cgroup: python3?\S* .* \(or is its tracer: PTRACE_KILL\)$/],
      // The kernel puts the one in the place of the other, and sends nothing.
      ['PTRACE_DETACH', detachKilling, /was killed by SIGKILL; who sent it is not recorded$/],
    ])('SIGKILL: its tracer’s doing (%s)', async (_name, act, answer) => {
      await using traced = await startSleeper();
      await served.wire.call('lease.register', { pid: traced.pid });
      await using by = startPython(tracer('0', act), traced.pid);
      expect(await by.line()).toBe('done');
      await traced.ended;
      const why = await whyPid(served, traced.pid);
      expect(why.answer).toMatch(answer);
      expect(why.ending).toMatchObject({ kind: 'signaled', signal: 9 });
    });
  },
);
