import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SignalEvent } from '#protocol/history.ts';
import { python, pythonScript, sleeper, start, type OwnProcess } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { until } from '#test/support/server/until.ts';
import { User } from './support/omnictl.ts';

const { SIGKILL, SIGABRT, SIGSEGV, SIGPIPE, SIGINT } = constants.signals;
const SYS_TGKILL = process.arch === 'arm64' ? 131 : 234;
const noCore = 'import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))';

/** One way to die: who is dead by it, by which signal, and who sent that; null: the kernel by itself. */
interface Death {
  readonly target: number;
  readonly signal: number;
  readonly sender: { readonly pid: number; readonly comm?: string; readonly cmdline?: string } | null;
}

/** Runs a command that kills a sleeper whose pid it is given. */
async function killedBy(command: string, args: (pid: number) => readonly string[]): Promise<Death> {
  const target = await sleeper();
  const words = args(target.pid);
  const killer = await start(command, words);
  await target.exited;
  return { target: target.pid, signal: SIGKILL, sender: { pid: killer.pid, cmdline: [command, ...words].join(' ') } };
}

async function byItself(script: string, signal: number): Promise<Death> {
  const { pid, exited } = await pythonScript(script);
  await exited;
  return { target: pid, signal, sender: { pid } };
}

const parentOf = async (words: readonly [string, ...string[]]): Promise<{ parent: OwnProcess; child: number }> => {
  const [command, ...args] = words;
  const parent = await start(command, args);
  return { parent, child: Number(await parent.line()) };
};

const deaths: Readonly<Record<string, () => Promise<Death>>> = {
  'kill -9': () => killedBy('/bin/kill', (pid) => ['-9', String(pid)]),
  'pkill, held to children of the test’s own': async () => {
    const { parent, child } = await parentOf(['/bin/sh', '-c', 'sleep 300 & echo $!; wait']);
    const pkill = await start('/usr/bin/pkill', ['-KILL', '-P', String(parent.pid), '-x', 'sleep']);
    await parent.exited;
    return { target: child, signal: SIGKILL, sender: { pid: pkill.pid, comm: 'pkill' } };
  },
  'timeout -s KILL': async () => {
    const timeout = await start('/usr/bin/timeout', ['-s', 'KILL', '0.2', '/bin/sh', '-c', 'echo $$; exec sleep 300']);
    const target = Number(await timeout.line());
    await timeout.exited;
    return { target, signal: SIGKILL, sender: { pid: timeout.pid, comm: 'timeout' } };
  },
  'Python’s os.kill': () => killedBy(python, (pid) => ['-c', `import os; os.kill(${String(pid)}, 9)`]),
  'a shell’s built-in': () => killedBy('/bin/sh', (pid) => ['-c', `kill -9 ${String(pid)}`]),
  tgkill: () =>
    killedBy(python, (pid) => [
      '-c',
      `import ctypes; ctypes.CDLL(None).syscall(${String(SYS_TGKILL)}, ${String(pid)}, ${String(pid)}, 9)`,
    ]),
  'SIGKILL to a process group': async () => {
    const leader = await start('/bin/sh', ['-c', 'sleep 300 & echo $!; wait'], true);
    const member = Number(await leader.line());
    const kill = await start('/bin/kill', ['-9', '--', `-${String(leader.pid)}`]);
    await leader.exited;
    return { target: member, signal: SIGKILL, sender: { pid: kill.pid, comm: 'kill' } };
  },
  'abort()': () => byItself(`${noCore}; os.abort()`, SIGABRT),
  'a segmentation fault': () => byItself(`${noCore}; import ctypes; ctypes.string_at(0)`, SIGSEGV),
  SIGPIPE: () =>
    byItself(
      'import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); r, w = os.pipe(); os.close(r); os.write(w, b"x")',
      SIGPIPE,
    ),
  'Ctrl-C on a terminal': async () => {
    const terminal = await pythonScript(
      `import os, pty, time
pid, master = pty.fork()
if pid == 0: os.execv('/bin/sleep', ['sleep', '300'])
while open(f'/proc/{pid}/comm').read() != 'sleep\\n': time.sleep(0.01)
print(pid, flush=True)
os.write(master, b'\\x03')
os.waitpid(pid, 0)`,
    );
    return { target: Number(await terminal.line()), signal: SIGINT, sender: null };
  },
};

describe.skipIf(skipReason !== undefined)(`omnictl history tells of${skipWords}`, () => {
  let user: User;
  let omnid: Omnid;

  beforeAll(async () => {
    user = await User.create();
    omnid = await Omnid.start({ folder: user.folder, config: '[sentinel]\nenabled = true\n' });
  });

  afterAll(async () => {
    await omnid[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
  });

  test.each(Object.entries(deaths))('%s: a row of its own, sender and target right', async (_name, die) => {
    const { target, signal, sender } = await die();
    const args = [
      'history',
      '--socket',
      omnid.socket,
      '--target',
      String(target),
      '--signal',
      String(signal),
      '--format',
      'json',
    ];
    const rows = await until(async () => {
      const { stdout } = await user.omnictl(args);
      const found = stdout === '' ? [] : (JSON.parse(stdout) as SignalEvent[]);
      const signals = found.filter(({ outcome }) => outcome === 'delivered');
      return signals.length > 0 && signals;
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ source: 'sentinel', signal, count: 1, target: { pid: target } });
    if (sender === null) expect(rows[0]?.sender).toBeNull();
    else expect(rows[0]?.sender).toMatchObject(sender);
  });
});
