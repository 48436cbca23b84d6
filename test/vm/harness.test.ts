import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi, type TestContext } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { runs } from '#test/support/server/processes.ts';
import { unpackedPackage } from './host/apt.ts';
import { Bench } from './host/bench.ts';
import { output } from './host/command.ts';
import type { CpioEntry } from './host/cpio.ts';
import { stockKernel } from './host/debian.ts';
import { fastMachine } from './host/fast-machine.ts';
import { pack } from './host/initramfs.ts';
import { missing } from './host/missing.ts';
import { Unavailable } from './host/unavailable.ts';
import { workFolderPrefix } from './host/work-folder.ts';

test('what cannot be had is a reason to skip, and leaves nothing behind', async () => {
  // A folder of its own: the other machines come and go meanwhile.
  await using folder = await makeFolder();
  vi.stubEnv('TMPDIR', folder.path);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  {
    await using none = await Bench.prepare(() => Promise.reject(new Unavailable('a test of the tests')));
    expect(none.unavailable).toBe((await missing()) ?? 'a test of the tests');
    await expect(none.run('harness/fails')).rejects.toThrow(none.unavailable);
  }
  await expect(Bench.prepare(() => Promise.reject(new Error('a mistake of ours')))).rejects.toThrow('a mistake');
  expect(leftovers()).toEqual([]);
});

describe('a machine', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.prepare(fastMachine);
  });

  afterAll(async () => {
    await bench[Symbol.asyncDispose]();
  });

  function need({ skip }: TestContext): void {
    skip(bench.unavailable !== undefined, bench.unavailable);
  }

  test('its archive is one that cpio reads', async (context) => {
    need(context);
    const busybox = join(await unpackedPackage('busybox-static'), 'bin/busybox');
    await using folder = await makeFolder();
    const archive = folder.file('archive');
    const entries: CpioEntry[] = [
      { kind: 'text', path: 'a/b/odd', text: 'odd' },
      { kind: 'link', path: 'a/link', target: 'b/odd' },
      { kind: 'folder', path: 'tmp', mode: 0o1777 },
    ];
    await pack(archive, entries);
    const listed = await output('/bin/sh', ['-c', 'TZ=UTC "$1" cpio -itv <"$2"', 'sh', busybox, archive]);
    const seen = listed
      .replace(/ +/g, ' ')
      .replace(/ 1970-01-01 00:00:00/g, '')
      .trim()
      .split('\n');
    expect(seen).toEqual([
      'drwxr-xr-x 0/0 0 a',
      'drwxr-xr-x 0/0 0 a/b',
      '-rw-r--r-- 0/0 3 a/b/odd',
      'lrwxrwxrwx 0/0 0 a/link -> b/odd',
      'drwxrwxrwt 0/0 0 tmp',
    ]);
  });

  test('a scenario that fails, or is not for this machine, says why', async (context) => {
    need(context);
    const failed = await bench.run('harness/fails');
    expect(failed).toMatchObject({ outcome: 'failed', output: 'said before\n' });
    expect(failed.reason).toContain('one is not two');
    const skipped = await bench.run('harness/is-not-for-this-machine');
    expect(skipped).toMatchObject({ outcome: 'skipped', reason: 'this machine has no such thing' });
  });

  test('a scenario that hangs is ended with all that it started, and the next finds a clean machine', async (context) => {
    need(context);
    const hung = await bench.run('harness/hangs-and-leaves-a-process', 5000);
    expect(hung).toMatchObject({ outcome: 'failed', reason: 'not over after 5000 ms', output: 'left\n' });
    expect(await bench.run('harness/finds-a-clean-machine')).toMatchObject({ outcome: 'passed' });
  });

  test('a scenario that is the death of the machine fails with the console, and the next gets a new machine', async (context) => {
    need(context);
    await expect(bench.run('harness/crashes-the-kernel')).rejects.toThrow(/the machine has ended[^]*sysrq triggered crash/);
    expect(await bench.run('harness/finds-a-clean-machine')).toMatchObject({ outcome: 'passed' });
    expect(bench.boots).toHaveLength(2);
    expect(bench.complaints.join('\n')).toContain('sysrq triggered crash');
  });

  test('ends with the test run, whatever ends that', async (context) => {
    need(context);
    await using folder = await makeFolder();
    const { image } = await stockKernel();
    // Stopped before its first instruction, it needs no more than something to load.
    const options = { kernel: image, initrd: image, memoryMiB: 256, commandLine: [], devices: ['-S'] };
    const qemuModule = pathToFileURL(join(import.meta.dirname, 'host/qemu.ts')).href;
    const program = `import { Qemu } from '${qemuModule}'; await Qemu.start(${JSON.stringify(options)}); console.log('started');`;
    const runner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: folder.path },
    });
    await once(runner.stdout, 'data');
    const qemu = Number((await output('pgrep', ['-P', String(runner.pid)])).trim());
    expect(qemu).toBeGreaterThan(0);
    runner.kill('SIGKILL');
    await vi.waitUntil(() => !runs(qemu), { timeout: 10_000 });
  });
});

/** What a machine keeps its files in. */
function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(workFolderPrefix));
}
