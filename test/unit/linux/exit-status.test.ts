import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { readExitStatus, readZombieStatus } from '#linux/exit-status.ts';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';
import { NO_PID, startProcess } from './support.ts';

interface Held extends Disposable {
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfd: Pidfd;
}

function hold(pid: number): Held {
  const pidfd = openPidfd(pid);
  const stat = readStat(pid);
  if (pidfd === undefined || stat === undefined) throw new Error(`no process ${pid}`);
  return { pid, startTicks: stat.startTicks, pidfd, [Symbol.dispose]: () => pidfd.close() };
}

/** Status as wait(2) tells it. */
const endings = [
  ['exit 0', 0],
  ['exit 137', 137 << 8],
  ['kill -KILL $$', 9],
  ['ulimit -c 0; kill -SEGV $$', 11],
] as const;

/** A parent that does not ask for its children's status; the child ends when it is let go. */
const careless = `import subprocess, sys
child = subprocess.Popen(["/bin/sh", "-c", "read go; " + sys.argv[1]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.readline()
child.stdin.write(b"go\\n"); child.stdin.flush()
sys.stdin.readline()`;

/** Reaped by Node at once, which is a parent like others. */
async function reaped(script: string): Promise<{ readonly held: Held; readonly status: number | undefined }> {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const held = hold(child.pid ?? 0);
  const ended = once(child, 'exit');
  child.stdin.write('go\n');
  await ended;
  return { held, status: readExitStatus(held.pid, held.startTicks, held.pidfd) };
}

const probe = await reaped('exit 0');
probe.held[Symbol.dispose]();
/** Before Linux 6.15 a pidfd does not tell. */
const tellsAfterwards = probe.status !== undefined;

describe('how a process ended that is not ours to wait for', () => {
  test.skipIf(!tellsAfterwards).for(endings)(
    `after it was waited for: %s${tellsAfterwards ? '' : ' (skipped: needs Linux 6.15)'}`,
    async ([script, status]) => {
      const found = await reaped(script);
      using _held = found.held;
      expect(found.status).toBe(status);
    },
  );

  test.for(endings)('while nobody has waited for it: %s', async ([script, status]) => {
    const parent = spawn('python3', ['-c', careless, script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(parent, 'exit');
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    using held = hold(Number(pid));
    parent.stdin.write('go\n');
    await vi.waitUntil(() => readStat(held.pid)?.state === 'Z', { timeout: 10_000, interval: 2 });
    expect(readZombieStatus(held.pid, held.startTicks)).toBe(status);
    expect(readExitStatus(held.pid, held.startTicks, held.pidfd)).toBe(status);
    expect(readZombieStatus(held.pid, '1')).toBeUndefined();
    parent.stdin.end();
    await ended;
  });

  test('is not told of who runs, of a pidfd that is closed, and of no process', async () => {
    await using child = await startProcess();
    using held = hold(child.pid);
    expect(readExitStatus(held.pid, held.startTicks, held.pidfd)).toBeUndefined();
    expect(readZombieStatus(held.pid, held.startTicks)).toBeUndefined();
    expect(readZombieStatus(NO_PID, '1')).toBeUndefined();
    held.pidfd.close();
    await child.end();
    expect(readExitStatus(held.pid, held.startTicks, held.pidfd)).toBeUndefined();
  });
});
