import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { ExitWatcher } from '#linux/exit-watcher.ts';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { countDescriptors, runModule, startProcess } from './support.ts';

function hold(pid: number | undefined): Pidfd {
  const pidfd = openPidfd(pid ?? 0);
  if (pidfd === undefined) throw new Error(`no process ${pid}`);
  return pidfd;
}

/** Holds a process by a descriptor of this number, which must be free. */
function holdAs(fd: number, pid: number): Pidfd {
  const pidfd = hold(pid);
  if (pidfd.fd === fd) return pidfd;
  try {
    return holdAs(fd, pid);
  } finally {
    pidfd.close();
  }
}

/** A turn of the loop with its poll phase, and what was called from it. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Resolves when the watcher says that the process has exited. */
function exitOf(watcher: ExitWatcher, pidfd: Pidfd): Promise<void> {
  return new Promise((resolve) => {
    watcher.watch(pidfd, resolve);
  });
}

describe('ExitWatcher', () => {
  test('tells of an exit, once, and forgets the process', async () => {
    await using watcher = new ExitWatcher();
    await using child = await startProcess();
    using pidfd = hold(child.pid);
    let calls = 0;
    const exited = new Promise<void>((resolve) => {
      watcher.watch(pidfd, () => {
        calls += 1;
        resolve();
      });
    });
    await turn();
    expect([calls, watcher.size]).toEqual([0, 1]);
    child.child.kill('SIGKILL');
    await exited;
    expect([pidfd.alive(), watcher.size]).toEqual([false, 0]);
    await turn();
    expect(calls).toBe(1);
  });

  test('of a process that had exited before, but not from within watch', async () => {
    await using watcher = new ExitWatcher();
    await using child = await startProcess();
    using pidfd = hold(child.pid);
    await child.end();
    let within = true;
    const exited = exitOf(watcher, pidfd).then(() => within);
    within = false;
    expect(await exited).toBe(false);
  });

  test('says nothing of a process that is no longer watched', async () => {
    await using watcher = new ExitWatcher();
    await using child = await startProcess();
    await using other = await startProcess();
    using pidfd = hold(child.pid);
    using otherPidfd = hold(other.pid);
    let calls = 0;
    watcher.watch(pidfd, () => (calls += 1));
    const otherExited = exitOf(watcher, otherPidfd);
    watcher.unwatch(pidfd);
    watcher.unwatch(pidfd);
    await child.end();
    await other.end();
    await otherExited;
    await turn();
    expect(calls).toBe(0);
  });

  test('a callback may unwatch and close what stands beside it in the same batch', async () => {
    await using watcher = new ExitWatcher();
    await using first = await startProcess();
    await using second = await startProcess();
    const pidfds = [hold(first.pid), hold(second.pid)];
    await first.end();
    await second.end();
    const called: Pidfd[] = [];
    for (const pidfd of pidfds) {
      watcher.watch(pidfd, () => {
        called.push(pidfd);
        for (const each of pidfds) {
          watcher.unwatch(each);
          each.close();
        }
      });
    }
    await turn();
    expect(called).toHaveLength(1);
    expect(watcher.size).toBe(0);
  });

  test('the next process whose pidfd has the number of one in the batch is not taken for it', async () => {
    await using watcher = new ExitWatcher();
    await using first = await startProcess();
    await using second = await startProcess();
    const pidfds = [hold(first.pid), hold(second.pid)];
    await first.end();
    await second.end();
    const next: Pidfd[] = [];
    const called: string[] = [];
    for (const pidfd of pidfds) {
      watcher.watch(pidfd, () => {
        const other = pidfds.find((each) => each !== pidfd);
        if (other === undefined) return;
        watcher.unwatch(other);
        other.close();
        const newcomer = holdAs(other.fd, process.pid);
        watcher.watch(newcomer, () => called.push('newcomer'));
        next.push(newcomer);
        called.push('exited');
      });
    }
    await turn();
    expect(called).toEqual(['exited']);
    expect(watcher.size).toBe(1);
    for (const pidfd of [...pidfds, ...next]) pidfd.close();
  });

  test('many at once, more than one batch holds', async () => {
    await using watcher = new ExitWatcher();
    const children = Array.from({ length: 300 }, () => spawn('/bin/cat', { stdio: ['pipe', 'ignore', 'ignore'] }));
    const pidfds = children.map((child) => hold(child.pid));
    const seen = new Set<number>();
    const exits = pidfds.map((pidfd) => exitOf(watcher, pidfd).then(() => seen.add(pidfd.fd)));
    expect(watcher.size).toBe(300);
    // Closing its input ends each: no signal, and nothing left over where this test fails.
    for (const child of children) child.stdin.destroy();
    await Promise.all(exits);
    expect([seen.size, watcher.size]).toEqual([300, 0]);
    for (const pidfd of pidfds) pidfd.close();
  });

  test('one pidfd is watched once; a closed one and a closed watcher do not watch', async () => {
    const watcher = new ExitWatcher();
    using pidfd = hold(process.pid);
    const closed = hold(process.pid);
    closed.close();
    watcher.watch(pidfd, () => undefined);
    expect(() => watcher.watch(pidfd, () => undefined)).toThrow('watched already');
    expect(() => watcher.watch(closed, () => undefined)).toThrow('closed');
    await watcher.close();
    expect(() => watcher.watch(pidfd, () => undefined)).toThrow('closed');
  });

  test('a pidfd that was closed while watched makes room for the next one of its number', async () => {
    await using watcher = new ExitWatcher();
    await using child = await startProcess();
    const forgotten = hold(process.pid);
    watcher.watch(forgotten, () => undefined);
    forgotten.close();
    using pidfd = hold(child.pid);
    expect(pidfd.fd).toBe(forgotten.fd);
    const exited = exitOf(watcher, pidfd);
    watcher.unwatch(forgotten);
    await child.end();
    await exited;
  });

  test('closing ends it: no callback comes, the descriptors are given back', async () => {
    await using child = await startProcess();
    using pidfd = hold(child.pid);
    await child.end();
    const before = countDescriptors();
    const watcher = new ExitWatcher();
    let calls = 0;
    watcher.watch(pidfd, () => (calls += 1));
    await watcher.close();
    await watcher.close();
    await turn();
    expect([calls, watcher.size]).toEqual([0, 0]);
    expect(countDescriptors()).toBe(before);
  });
});

describe('a program with a watcher', () => {
  const watchSelf = `
    import { ExitWatcher } from '#linux/exit-watcher.ts';
    import { openPidfd } from '#linux/pidfd.ts';
    import { spawn } from 'node:child_process';
    const watcher = new ExitWatcher();`;

  test('ends by itself, with process.exit and by a signal, without close()', async () => {
    const watching = `${watchSelf} watcher.watch(openPidfd(process.pid), () => {});`;
    expect(await runModule(watching)).toMatchObject({ code: 0, stderr: '' });
    expect(await runModule(`${watching} setImmediate(() => process.exit(7));`)).toMatchObject({ code: 7 });
    expect(await runModule(`${watching} process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`)).toMatchObject({
      signal: 'SIGTERM',
    });
  });

  test('gets a callback’s exception as an uncaught one, and the other exits all the same', async () => {
    const { stdout } = await runModule(`${watchSelf}
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const keep = setInterval(() => {}, 1000);
      let left = 3;
      for (let index = 0; index < 3; index += 1) {
        const child = spawn('/bin/cat', { stdio: ['pipe', 'ignore', 'ignore'] });
        watcher.watch(openPidfd(child.pid), () => {
          left -= 1;
          if (left === 0) clearInterval(keep);
          throw new Error('callback');
        });
        child.stdin.end();
      }`);
    expect(stdout).toBe('uncaught callback\n'.repeat(3));
  });

  test('has its promises go on right after a callback', async () => {
    const { stdout } = await runModule(`${watchSelf}
      const child = spawn('/bin/cat', { stdio: ['pipe', 'ignore', 'ignore'] });
      const keep = setInterval(() => {}, 1000);
      const exited = new Promise((resolve) => watcher.watch(openPidfd(child.pid), resolve));
      child.stdin.end();
      await exited;
      console.log('went on');
      clearInterval(keep);
      await watcher.close();`);
    expect(stdout).toBe('went on\n');
  });
});
