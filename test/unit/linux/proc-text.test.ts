import { copyFileSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readStat } from '#linux/proc-stat.ts';
import { readCgroup, readCommandLine, readEnvironmentVariable, readExecutable } from '#linux/proc-text.ts';
import { makeFolder, NO_PID, startProcess, startScript, startZombie } from './support.ts';

describe('readCommandLine', () => {
  test('joins the arguments, whatever they hold', async () => {
    await using child = await startScript("exec cat -- - '' 'two words' 'new\nline' 2>/dev/null");
    expect(readCommandLine(child.pid)).toBe('cat -- -  two words new\nline');
  });

  test('at most 4096 bytes of them', async () => {
    await using child = await startScript('exec cat - "$1" 2>/dev/null', 'sh', 'x'.repeat(100_000));
    expect(readCommandLine(child.pid)).toBe(`cat - ${'x'.repeat(4090)}`);
  });

  test('broken UTF-8 is replaced', async () => {
    await using child = await startScript(`exec cat - "$(printf 'a\\377b')" 2>/dev/null`);
    expect(readCommandLine(child.pid)).toBe('cat - a\uFFFDb');
  });

  test('a zombie has none; nobody has none', async () => {
    await using zombie = await startZombie();
    await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
    for (const pid of [zombie.pid, NO_PID, 0, -1, 1.5]) expect(readCommandLine(pid)).toBeUndefined();
  });
});

describe('readExecutable', () => {
  test('is the file, or says that it is gone', async () => {
    using folder = makeFolder();
    const path = join(folder.path, 'program');
    copyFileSync('/bin/cat', path);
    await using child = await startScript('exec "$1"', 'sh', path);
    expect(readExecutable(child.pid)).toBe(path);
    unlinkSync(path);
    expect(readExecutable(child.pid)).toBe(`${path} (deleted)`);
  });

  test('a zombie has none; nobody has none', async () => {
    await using zombie = await startZombie();
    await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
    for (const pid of [zombie.pid, NO_PID, 0, -1, 1.5]) expect(readExecutable(pid)).toBeUndefined();
  });
});

describe('readCgroup', () => {
  test('is the path in the unified tree', () => {
    const line = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'));
    expect(readCgroup(process.pid)).toBe(line?.[1]);
  });

  test('nobody has none', () => {
    for (const pid of [NO_PID, 0, -1, 1.5]) expect(readCgroup(pid)).toBeUndefined();
  });
});

describe('readEnvironmentVariable', () => {
  test('finds the entry of just this name', async () => {
    await using child = await startProcess({
      A_MARK: 'wrong',
      OTHER: 'MARK=wrong',
      MARKER: 'wrong',
      MARK: 'right = yes\nand ünï',
      LAST: 'end',
      EMPTY: '',
    });
    expect(readEnvironmentVariable(child.pid, 'MARK')).toBe('right = yes\nand ünï');
    expect(readEnvironmentVariable(child.pid, 'LAST')).toBe('end');
    expect(readEnvironmentVariable(child.pid, 'EMPTY')).toBe('');
    for (const name of ['MAR', 'ARK', 'mark', '', 'OTHER=MARK', 'MARK=']) {
      expect(readEnvironmentVariable(child.pid, name)).toBeUndefined();
    }
  });

  test('finds the first entry', async () => {
    await using child = await startProcess({ FIRST: '1' });
    expect(readEnvironmentVariable(child.pid, 'FIRST')).toBe('1');
  });

  test('of an environment before is nothing left over', async () => {
    await using long = await startProcess({ PAD: 'x'.repeat(1000), MARK: 'of another' });
    await using short = await startProcess({ A: '1' });
    expect(readEnvironmentVariable(long.pid, 'MARK')).toBe('of another');
    expect(readEnvironmentVariable(short.pid, 'MARK')).toBeUndefined();
  });

  test('searches 256 KiB', async () => {
    const pad = 'x'.repeat(100_000);
    await using child = await startProcess({ A: pad, B: pad, NEAR: 'seen', C: pad, FAR: 'not seen' });
    expect(readEnvironmentVariable(child.pid, 'NEAR')).toBe('seen');
    expect(readEnvironmentVariable(child.pid, 'B')).toBe(pad);
    expect(readEnvironmentVariable(child.pid, 'C')).toBeUndefined();
    expect(readEnvironmentVariable(child.pid, 'FAR')).toBeUndefined();
  });

  test('nobody has none', async () => {
    await using child = await startProcess({ MARK: '1' });
    await child.end();
    for (const pid of [child.pid, NO_PID, 0, -1, 1.5]) expect(readEnvironmentVariable(pid, 'MARK')).toBeUndefined();
  });
});
