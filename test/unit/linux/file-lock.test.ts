import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFile } from '#linux/file-lock.ts';
import { countDescriptors, makeFolder, startProcess, startScript } from './support.ts';

/** Could another program take the lock now? */
function isFree(path: string): boolean {
  return spawnSync('flock', ['--nonblock', path, 'true']).status === 0;
}

test('is held by one, until it lets go', () => {
  using folder = makeFolder();
  const path = join(folder.path, 'lock');
  const before = countDescriptors();
  const lock = lockFile(path);
  expect(lock?.path).toBe(path);
  expect(lockFile(path)).toBeUndefined();
  expect(isFree(path)).toBe(false);
  lock?.close();
  lock?.close();
  expect(isFree(path)).toBe(true);
  expect(countDescriptors()).toBe(before);
  lockFile(path)?.close();
});

test('holds the pid and nothing else, mode 0600', () => {
  using folder = makeFolder();
  const path = join(folder.path, 'lock');
  writeFileSync(path, 'a longer text of someone before\n');
  chmodSync(path, 0o666);
  using lock = lockFile(path);
  expect(lock).toBeDefined();
  expect(readFileSync(path, 'latin1')).toBe(`${process.pid}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a holder that was killed holds nothing', async () => {
  using folder = makeFolder();
  const path = join(folder.path, 'lock');
  await using holder = await startScript('exec 9>"$1"; flock --nonblock 9; exec cat', 'sh', path);
  expect(lockFile(path)).toBeUndefined();
  await holder.end();
  using lock = lockFile(path);
  expect(lock).toBeDefined();
});

test('a child does not keep it', async () => {
  using folder = makeFolder();
  const path = join(folder.path, 'lock');
  const lock = lockFile(path);
  await using child = await startProcess();
  lock?.close();
  expect(isFree(path)).toBe(true);
  expect(child.child.exitCode).toBeNull();
});

test('follows no symbolic link, and waits for no FIFO', () => {
  using folder = makeFolder();
  const target = join(folder.path, 'target');
  writeFileSync(target, 'precious');
  symlinkSync(target, join(folder.path, 'link'));
  execFileSync('mkfifo', [join(folder.path, 'fifo')]);
  expect(() => lockFile(join(folder.path, 'link'))).toThrow(expect.objectContaining({ code: 'ELOOP' }));
  expect(() => lockFile(join(folder.path, 'fifo'))).toThrow('not a regular file');
  expect(readFileSync(target, 'latin1')).toBe('precious');
});
