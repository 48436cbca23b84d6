import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ignorer, pythonScript, sleeper, start } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';

const { SIGABRT, SIGSEGV, SIGPIPE, SIGTERM, SIGKILL, SIGUSR1, SIGTSTP, SIGCONT, SIGXCPU } = constants.signals;
/** The first of the real-time signals that glibc leaves to programs. */
const SIGRTMIN = 34;

describe.skipIf(skipReason !== undefined)(`what it did${skipWords}`, () => {
  test('abort(): the process itself is the sender', async () => {
    const watched = new Watched();
    const script = await pythonScript('import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.abort()');
    const event = await watched.signal(script.pid, SIGABRT);
    expect(event).toMatchObject({ code: 'tkill', outcome: 'delivered', sender: { pid: script.pid } });
  });

  test('a segmentation fault', async () => {
    const watched = new Watched();
    const script = await pythonScript(
      'import ctypes, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); ctypes.string_at(0)',
    );
    const event = await watched.signal(script.pid, SIGSEGV);
    expect(event).toMatchObject({ code: 'kernel', outcome: 'delivered', sender: { pid: script.pid } });
    // SEGV_MAPERR
    expect(event.siCode).toBe(1);
  });

  test('SIGPIPE', async () => {
    const watched = new Watched();
    const script = await pythonScript(
      'import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.write(w, b"x")',
    );
    const event = await watched.signal(script.pid, SIGPIPE);
    expect(event).toMatchObject({
      outcome: 'delivered',
      code: 'implied',
      sender: { pid: script.pid },
      target: { pid: script.pid },
    });
  });

  test.each([
    ['the hard limit of CPU time', '(1, 1)', SIGKILL, 1],
    ['the soft limit of CPU time', '(1, 60)', SIGXCPU, 1],
  ])('%s', async (_name, limits, signal, seconds) => {
    const watched = new Watched();
    const script = await pythonScript(
      `import resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, ${limits})
while True: pass`,
    );
    const event = await watched.signal(script.pid, signal);
    expect(event).toMatchObject({ code: 'kernel', cpuLimitSeconds: seconds, sender: { pid: script.pid } });
  });

  test("a parent's end", async () => {
    const watched = new Watched();
    const parent = await start('/bin/sh', [
      '-c',
      'setpriv --pdeathsig KILL sh -c "echo \\$\\$; exec sleep 300" & read -r go; exit 0',
    ]);
    const child = Number(await parent.line());
    parent.go();
    expect(await watched.signal(child, SIGKILL)).toMatchObject({ code: 'implied', sender: { pid: parent.pid, exiting: true } });
  });

  test('an ignored signal', async () => {
    const watched = new Watched();
    const target = await ignorer();
    const kill = await start('/bin/kill', ['-TERM', String(target.pid)]);
    expect(await watched.signal(target.pid, SIGTERM)).toMatchObject({ outcome: 'ignored', sender: { pid: kill.pid } });
  });

  test('one that is pending already', async () => {
    const watched = new Watched();
    const target = await pythonScript(
      'import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); print(flush=True); time.sleep(300)',
    );
    await target.line();
    await (
      await start('/bin/kill', ['-TERM', String(target.pid)])
    ).exited;
    await (
      await start('/bin/kill', ['-TERM', String(target.pid)])
    ).exited;
    const outcomes = await watched.until(() => {
      const events = watched.signalsTo(target.pid);
      return events.length === 2 && events.map(({ outcome }) => outcome);
    });
    expect(outcomes).toEqual(['delivered', 'pending']);
  });

  test('handled signals are not told; with the default action, those that end or stop are', async () => {
    const watched = new Watched();
    const handler = await pythonScript(
      `import signal, time
for number in (signal.SIGUSR1, ${SIGRTMIN}, 64, signal.SIGTSTP): signal.signal(number, lambda *_: None)
print(flush=True)
while True: time.sleep(300)`,
    );
    await handler.line();
    const kill = `kill -USR1 ${handler.pid}; kill -${SIGRTMIN} ${handler.pid}; kill -64 ${handler.pid}; kill -TSTP ${handler.pid}`;
    await (
      await start('/bin/bash', ['-c', `${kill}; kill -KILL ${handler.pid}`])
    ).exited;
    await watched.signal(handler.pid, SIGKILL);
    expect(watched.signalsTo(handler.pid).map(({ signal }) => signal)).toEqual([SIGKILL]);

    for (const signal of [SIGUSR1, SIGRTMIN, 50, 64]) {
      const target = await sleeper();
      await start('/bin/bash', ['-c', `kill -${signal} ${target.pid}`]);
      expect(await watched.signal(target.pid, signal)).toMatchObject({ outcome: 'delivered', code: 'user' });
    }
  });

  test('what stops is told, what continues is not', async () => {
    const watched = new Watched();
    const target = await sleeper();
    const kills = [SIGTSTP, SIGCONT, constants.signals.SIGWINCH, constants.signals.SIGCHLD, SIGKILL];
    await start('/bin/bash', ['-c', kills.map((signal) => `kill -${signal} ${target.pid}`).join('; ')]);
    await watched.signal(target.pid, SIGKILL);
    expect(watched.signalsTo(target.pid).map(({ signal }) => signal)).toEqual([SIGTSTP, SIGKILL]);
  });

  test('signal 0 is none', async () => {
    const watched = new Watched();
    const target = await sleeper();
    process.kill(target.pid, 0);
    target.child.kill('SIGKILL');
    await watched.signal(target.pid, SIGKILL);
    expect(watched.signalsTo(target.pid)).toHaveLength(1);
  });
});
