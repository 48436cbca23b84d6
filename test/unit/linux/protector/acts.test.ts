import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { niceOf, setNice } from '#linux/protector/nice.ts';
import { oomScoreAdjustOf, setOomScoreAdjust } from '#linux/protector/oom-score.ts';
import { runScript, startSleeper, type TestProcess } from '#test/support/server/processes.ts';

function hold({ pid }: TestProcess): Pidfd {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) throw new Error('the child has ended');
  return pidfd;
}

describe('the nice value', () => {
  it('is set for every thread of a process', async () => {
    await using child = runScript(`exec python3 -c "
import os, threading
threading.Thread(target=lambda: os.read(3, 1), daemon=True).start()
print(' '.join(os.listdir('/proc/self/task')), flush=True)
os.read(3, 1)"`);
    const threads = (await child.line()).split(' ');
    expect(threads).toHaveLength(2);
    using pidfd = hold(child);
    expect(setNice(child.pid, pidfd, 19)).toBe(true);
    expect(niceOf(child.pid)).toBe(19);
    for (const thread of threads) expect(niceOf(Number(thread))).toBe(19);
  });

  it('of one that is gone is nothing', async () => {
    await using child = await startSleeper();
    using pidfd = hold(child);
    await child.kill();
    expect(setNice(child.pid, pidfd, 19)).toBe(false);
    expect(niceOf(child.pid)).toBeUndefined();
  });
});

describe('the OOM score', () => {
  it('is raised for a process that is held, and refused for one that is gone', async () => {
    await using child = await startSleeper();
    using pidfd = hold(child);
    expect(setOomScoreAdjust(child.pid, pidfd, 500)).toBe(true);
    expect(oomScoreAdjustOf(child.pid)).toBe(500);
    await child.kill();
    expect(setOomScoreAdjust(child.pid, pidfd, 600)).toBe(false);
    expect(oomScoreAdjustOf(child.pid)).toBeUndefined();
  });
});

describe('the memory of a killed process', () => {
  it('is taken where it is dying, and of nobody else', async () => {
    await using child = await startSleeper();
    using pidfd = hold(child);
    expect(await pidfd.releaseMemory()).toBe(false);
    expect(readFileSync(`/proc/${String(child.pid)}/stat`, 'latin1')).not.toContain(') Z ');
  });
});

describe("the server's own program", () => {
  const root = join(import.meta.dirname, '../../../..');
  const program = `
    import { lockOwnProgram, lowerOwnOomScore, raiseOwnPriority } from '#linux/protector/own-survival.ts';
    import { readFileSync } from 'node:fs';
    const locked = lockOwnProgram();
    const score = lowerOwnOomScore(0);
    const priority = raiseOwnPriority(-20);
    const nice = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')[16];
    for (let round = 0; round < 40; round += 1) Buffer.alloc(1 << 20, round);
    globalThis.gc();
    const kib = /VmLck:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    console.log(JSON.stringify({ locked, score, kib: Number(kib), priority, nice: Number(nice) }));`;
  const run = (
    prefix: readonly string[],
  ): {
    locked: { done: boolean; why?: string };
    score: { done: boolean };
    kib: number;
    priority: { done: boolean; why?: string };
    nice: number;
  } => {
    const [file, ...args] = [...prefix, process.execPath, '--expose-gc', '--input-type=module-typescript', '-e', program];
    return JSON.parse(execFileSync(file, args, { cwd: root, encoding: 'utf8' })) as ReturnType<typeof run>;
  };
  const isRoot = process.getuid?.() === 0;

  it.skipIf(!isRoot)('is locked into memory where it may be (root), and V8 still gives memory back', () => {
    const { locked, score, kib, priority, nice } = run([]);
    expect([priority, nice]).toEqual([{ done: true }, -20]);
    expect(locked).toEqual({ done: true });
    expect(score).toEqual({ done: true });
    expect(kib).toBeGreaterThan(10_000);
  });

  it.skipIf(!isRoot || spawnSync('setpriv', ['--version']).status !== 0)(
    'is left as it is where that is refused, and says why',
    () => {
      const { locked, kib, priority } = run([
        'setpriv',
        '--reuid',
        '65534',
        '--clear-groups',
        '--inh-caps=-all',
        '--bounding-set=-all',
        'prlimit',
        '--memlock=65536',
      ]);
      expect(locked).toMatchObject({ done: false, why: expect.stringMatching(/^mlock2: E(PERM|NOMEM|AGAIN)$/) });
      expect(kib).toBe(0);
      expect(priority).toMatchObject({ done: false, why: expect.stringContaining('setpriority') });
    },
  );
});
