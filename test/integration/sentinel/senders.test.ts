import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readStat } from '#linux/proc-stat.ts';
import { python, pythonScript, sleeper, start } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';

const SIGKILL = 9;
const SYS_TGKILL = process.arch === 'arm64' ? 131 : 234;

describe.skipIf(skipReason !== undefined)(`who sent it${skipWords}`, () => {
  test('kill -9: a process that is gone when it is told of', async () => {
    const watched = new Watched();
    const target = await sleeper();
    const stat = readStat(target.pid);
    const kill = await start('/bin/kill', ['-9', String(target.pid)]);
    const event = await watched.signal(target.pid, SIGKILL);
    expect(event).toMatchObject({
      signal: SIGKILL,
      code: 'user',
      siCode: 0,
      outcome: 'delivered',
      wholeProcess: true,
      count: 1,
      added: 1,
      sender: {
        pid: kill.pid,
        tid: kill.pid,
        uid: process.getuid?.(),
        comm: 'kill',
        cmdline: `/bin/kill -9 ${target.pid}`,
        // As it was called, or, where it still lived, where that led.
        exe: expect.stringMatching(/^(?:\/usr)?\/bin\/kill$/) as string,
        kernelThread: false,
      },
      target: { pid: target.pid, startTicks: stat?.startTicks, comm: 'sleep', cmdline: '/bin/sleep 300', kernelThread: false },
    });
    expect(event.sender.ancestry[0]).toMatchObject({ pid: process.pid, startTicks: readStat(process.pid)?.startTicks });
    expect(event.target.ancestry[0]?.pid).toBe(process.pid);
    expect(event.sender.ancestry.length).toBeLessThanOrEqual(8);
    expect(event.leaseNumber).toBeUndefined();
    expect(event.firstNs).toBe(event.lastNs);
  });

  test('pkill, held to children of this process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omnimind-pkill-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const program = join(folder, `om${process.pid}x`);
    copyFileSync('/bin/sleep', program);
    const watched = new Watched();
    const target = await start(program, ['300']);
    const args = ['-KILL', '-P', String(process.pid), '-x', basename(program)];
    const pkill = await start('/usr/bin/pkill', args);
    const event = await watched.signal(target.pid, SIGKILL);
    expect(event.sender).toMatchObject({ pid: pkill.pid, comm: 'pkill', cmdline: `/usr/bin/pkill ${args.join(' ')}` });
    expect(event.target).toMatchObject({ comm: basename(program), cmdline: `${program} 300` });
  });

  test('timeout -s KILL', async () => {
    const watched = new Watched();
    const timeout = await start('/usr/bin/timeout', ['-s', 'KILL', '0.1', '/bin/sleep', '300']);
    const event = await watched.until(() => watched.signalsFrom(timeout.pid).find(({ target }) => target.comm === 'sleep'));
    expect(event).toMatchObject({ signal: SIGKILL, code: 'user', sender: { comm: 'timeout' } });
    expect(event.target.ancestry[0]).toMatchObject({ pid: timeout.pid, comm: 'timeout' });
  });

  test("Python's os.kill", async () => {
    const watched = new Watched();
    const target = await sleeper();
    const script = await pythonScript('import os, sys; os.kill(int(sys.argv[1]), 9)', target.pid);
    const event = await watched.signal(target.pid, SIGKILL);
    expect(event).toMatchObject({ code: 'user', sender: { pid: script.pid } });
    expect(event.sender.cmdline).toContain('os.kill(int(sys.argv[1]), 9)');
  });

  test("a shell's built-in kill, of a shell that has forked since its exec", async () => {
    const watched = new Watched();
    const target = await sleeper();
    // The parentheses and what follows make a child that calls no exec: its command line is its parent's.
    const shell = await start('/bin/sh', ['-c', `(kill -9 ${target.pid}; :); :`]);
    const event = await watched.signal(target.pid, SIGKILL);
    expect(event.sender.comm).toBe('sh');
    expect(event.sender.pid).not.toBe(shell.pid);
    expect(event.sender.ancestry[0]?.pid).toBe(shell.pid);
    expect(event.sender.cmdline).toBe(`/bin/sh -c (kill -9 ${target.pid}; :); :`);
  });

  test('tgkill names the thread', async () => {
    const watched = new Watched();
    const target = await pythonScript(
      'import threading, time; t = threading.Thread(target=time.sleep, args=(300,), daemon=True); t.start(); print(t.native_id, flush=True); time.sleep(300)',
    );
    const tid = Number(await target.line());
    const script = await pythonScript(
      'import ctypes, sys; ctypes.CDLL(None).syscall(*map(int, sys.argv[1:]))',
      SYS_TGKILL,
      target.pid,
      tid,
      SIGKILL,
    );
    const event = await watched.signal(target.pid, SIGKILL);
    expect(event).toMatchObject({
      code: 'tkill',
      wholeProcess: false,
      sender: { pid: script.pid },
      target: { pid: target.pid, tid },
    });
    expect(basename(python)).toContain(event.target.comm.slice(0, 6));
  });

  test('sigqueue', async () => {
    const watched = new Watched();
    const target = await sleeper();
    const script = await pythonScript(
      'import ctypes, sys; ctypes.CDLL(None).sigqueue(int(sys.argv[1]), 15, ctypes.c_void_p(7))',
      target.pid,
    );
    expect(await watched.signal(target.pid, 15)).toMatchObject({ code: 'queue', sender: { pid: script.pid } });
  });

  test('pidfd_send_signal', async () => {
    const watched = new Watched();
    const target = await sleeper();
    const script = await pythonScript(
      'import os, signal, sys; signal.pidfd_send_signal(os.pidfd_open(int(sys.argv[1])), 9)',
      target.pid,
    );
    expect(await watched.signal(target.pid, SIGKILL)).toMatchObject({ code: 'user', sender: { pid: script.pid } });
  });

  test('SIGKILL to a process group: an event for each process', async () => {
    const watched = new Watched();
    const leader = await start('/bin/sh', ['-c', 'sleep 300 & echo $!; sleep 300 & echo $!; wait'], true);
    const members = [leader.pid, Number(await leader.line()), Number(await leader.line())];
    const kill = await start('/bin/kill', ['-9', '--', `-${leader.pid}`]);
    for (const member of members) {
      expect(await watched.signal(member, SIGKILL)).toMatchObject({
        sender: { pid: kill.pid },
        outcome: 'delivered',
        count: 1,
      });
    }
    expect(watched.signalsFrom(kill.pid)).toHaveLength(members.length);
  });

  test('Ctrl-C on a terminal', async () => {
    const watched = new Watched();
    const terminal = await pythonScript(
      `import os, pty, time
pid, master = pty.fork()
if pid == 0: os.execv('/bin/sleep', ['sleep', '300'])
while open(f'/proc/{pid}/comm').read() != 'sleep\\n': time.sleep(0.01)
print(pid, flush=True)
os.write(master, b'\\x03')
os.waitpid(pid, 0)`,
    );
    const target = Number(await terminal.line());
    const event = await watched.signal(target, 2);
    expect(event).toMatchObject({ code: 'kernel', outcome: 'delivered', target: { comm: 'sleep' } });
    // The terminal's own work is done by a thread of the kernel, or at once by who wrote to it.
    expect(event.sender.kernelThread || event.sender.pid === terminal.pid).toBe(true);
  });
});
