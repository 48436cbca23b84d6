import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { killMember, runScript, startTicksOf } from '#test/support/server/processes.ts';
import type { Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { serveSeeing, startCovered, startPython, whyPid } from './support/seeing.ts';

const hasPython = spawnSync(python, ['--version']).status === 0;
const noCore = 'import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n';

/** A terminal of its own, on whose other side Ctrl-C is typed once a line came; the child is its foreground group. */
const typist = `import os, pty, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
os.read(master, 1)
print(pid, flush=True)
sys.stdin.readline()
os.write(master, b"\\x03")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)`;

describe.skipIf(skipReason !== undefined)(`deaths without a killer${skipWords}`, () => {
  let served: Served;

  beforeAll(async () => {
    served = await serveSeeing();
  });

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  test('its own exit(137) is no SIGKILL', async () => {
    await using script = runScript('read -r go <&3; exit 137');
    const { pid, leaseId } = await startCovered(served, script);
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toBe(
      `sh -c read -r go <&3; exit 137 sh (pid ${String(pid)}) exited with code 137 by itself: no signal ended it, though 128 + 9 looks like SIGKILL`,
    );
    expect(why).toMatchObject({
      ending: { kind: 'exited', exitCode: 137, signal: null, source: 'wait' },
      cause: { kind: 'exit', event: null, by: null },
      lease: { id: leaseId, effect: 'idle' },
      unknown: [],
    });
  });

  test('a shell that exits with 137 for its command, which a SIGKILL ended', async () => {
    await using script = runScript('read -r go <&3; /bin/cat <&3 & echo $!; wait $!; exit $?');
    const { pid, leaseId } = await startCovered(served, script);
    const child = Number(await script.line());
    killMember(child, startTicksOf(child));
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toContain('exited with code 137, as a shell does whose command died: ');
    expect(why.answer).toContain(` (pid ${String(child)}) was killed by SIGKILL from `);
    expect(why).toMatchObject({
      ending: { kind: 'exited', exitCode: 137 },
      cause: { kind: 'child', by: { pid: process.pid } },
      child: { process: { pid: child }, ending: { kind: 'signaled', signal: 9 }, cause: { kind: 'killed' } },
      lease: { id: leaseId, effect: 'bypassed' },
    });
  });

  test.skipIf(!hasPython)('a crash', async () => {
    await using script = startPython(`${noCore}import ctypes, sys; sys.stdin.readline(); ctypes.string_at(0)`);
    const { pid } = await startCovered(served, script);
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(/crashed: SIGSEGV, an access to memory that is not its own$/);
    expect(why).toMatchObject({
      ending: { kind: 'signaled', signal: 11, coreDumped: false, source: 'wait' },
      cause: { kind: 'crash', relation: 'self' },
      lease: { effect: 'beyond' },
    });
  });

  test.skipIf(!hasPython)('abort()', async () => {
    await using script = startPython(`${noCore}import os, sys; sys.stdin.readline(); os.abort()`);
    const { pid } = await startCovered(served, script);
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(/aborted \(SIGABRT: abort\(\), a failed assertion\)$/);
    expect(why.cause).toMatchObject({ kind: 'self', relation: 'self' });
  });

  test.skipIf(!hasPython)('Ctrl-C on its terminal', async () => {
    await using terminal = startPython(typist, '/bin/sh', '-c', 'echo ready; exec cat');
    const pid = Number(await terminal.line());
    await served.wire.call('lease.register', { pid });
    terminal.say('now\n');
    expect(await terminal.line()).toBe('-2');
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(/was ended by SIGINT: Ctrl-C on its terminal$/);
    expect(why).toMatchObject({
      ending: { kind: 'signaled', signal: 2, source: 'wait' },
      cause: { kind: 'terminal', by: null, reraised: false },
      lease: { effect: 'beyond' },
    });
  });

  test.skipIf(!hasPython)('Ctrl-C that it handled, and then ended itself with', async () => {
    await using terminal = startPython(typist, python, '-c', 'import sys; print("ready", flush=True); sys.stdin.readline()');
    const pid = Number(await terminal.line());
    await served.wire.call('lease.register', { pid });
    terminal.say('now\n');
    expect(await terminal.line()).toBe('-2');
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(
      /was ended by SIGINT: Ctrl-C on its terminal; it handled the signal, then ended itself with it$/,
    );
    expect(why.cause).toMatchObject({ kind: 'terminal', by: null, reraised: true });
  });

  test.skipIf(!hasPython).each([
    ['hard', '(1, 1)', 9, /was killed by SIGKILL from the kernel, at its limit of CPU time of 1 s \(RLIMIT_CPU, ulimit -t\)$/],
    ['soft', '(1, 9)', 24, /was ended by SIGXCPU from the kernel, at its limit of CPU time of 1 s \(RLIMIT_CPU, ulimit -t\)$/],
  ])('a %s limit of CPU time', async (_name, limits, signal, answer) => {
    await using script = startPython(
      `${noCore}import sys; sys.stdin.readline(); resource.setrlimit(resource.RLIMIT_CPU, ${limits})\nwhile True: pass`,
    );
    const { pid } = await startCovered(served, script);
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(answer);
    expect(why).toMatchObject({ ending: { signal }, cause: { kind: 'cpuLimit', certain: true }, lease: { effect: 'beyond' } });
  });

  test.skipIf(!hasPython)('SIGPIPE', async () => {
    await using script = startPython(
      'import os, signal, sys; sys.stdin.readline(); signal.signal(signal.SIGPIPE, signal.SIG_DFL)\nr, w = os.pipe(); os.close(r); os.write(w, b"x")',
    );
    const { pid } = await startCovered(served, script);
    await script.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(/was ended by SIGPIPE: it wrote to a pipe that nobody reads any more$/);
    expect(why.cause).toMatchObject({ kind: 'brokenPipe' });
  });

  test.skipIf(!hasPython)('a limit of file size', async () => {
    await using script = startPython(
      `${noCore}import os, signal, sys, tempfile; sys.stdin.readline(); signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); f = tempfile.TemporaryFile(); os.write(f.fileno(), b"x" * 10); os.write(f.fileno(), b"x")`,
    );
    const { pid } = await startCovered(served, script);
    await script.ended;
    expect(await whyPid(served, pid)).toMatchObject({ ending: { signal: 25 }, cause: { kind: 'fileSizeLimit' } });
  });

  test('a process that is stopped is not dead', async () => {
    await using script = runScript('read -r go <&3; exec cat <&3');
    const { pid } = await startCovered(served, script);
    script.child.kill('SIGSTOP');
    // It is stopped a moment after it was told to.
    await until(
      () =>
        readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
          .split(') ')
          .at(-1)
          ?.startsWith('T') === true,
    );
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(/is stopped, and not dead: SIGSTOP from /);
    expect(why.ending.kind).toBe('running');
  });
});
