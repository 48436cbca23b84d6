import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { listPids } from '#linux/process-list.ts';
import { parseStat, readParent, readStat } from '#linux/proc-stat.ts';
import { NO_PID, runModule, startNamed, startProcess, startZombie } from './support.ts';

const TAIL = 'S 10 11 12 34816 -1 4194560 1 2 3 4 501 502 -5 6 20 -10 1 0 987654321 8192 77 18446744073709551615 1 1 140720';

describe('parseStat', () => {
  test('reads each field by its place in the manual page', () => {
    expect(parseStat(`4242 (cat) ${TAIL}\n`)).toEqual({
      pid: 4242,
      comm: 'cat',
      state: 'S',
      ppid: 10,
      pgrp: 11,
      session: 12,
      flags: 4194560,
      kernelThread: false,
      utimeTicks: 501,
      stimeTicks: 502,
      startTicks: '987654321',
      rssPages: 77,
      image: 140720,
    });
  });

  test('whatever the name holds', () => {
    const name = fc.uint8Array({ minLength: 0, maxLength: 64 });
    fc.assert(
      fc.property(name, fc.constantFrom(') R 1 1 1 ', '(', ')', '\n', ' '), (bytes, hostile) => {
        const comm = Buffer.concat([bytes, Buffer.from(hostile), bytes]);
        const line = Buffer.concat([Buffer.from('7 ('), comm, Buffer.from(`) ${TAIL}\n`)]);
        expect(parseStat(line)).toMatchObject({ pid: 7, comm: comm.toString(), ppid: 10, startTicks: '987654321' });
      }),
    );
  });

  test('a process that is being reaped has no group', () => {
    expect(parseStat(`7 (cat) ${TAIL.replace('11 12', '-1 -1')}`)).toMatchObject({ ppid: 10, pgrp: -1, session: -1 });
  });

  test('a kernel thread', () => {
    const line = '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 7 0 0 20 0 1 0 24 0 0 1 0 0 0';
    expect(parseStat(line)).toMatchObject({ ppid: 0, kernelThread: true, stimeTicks: 7, startTicks: '24' });
  });

  test.each(['', '12', '12 (', '12 (a)', '12 (a) S 1 2 3', ') S 1', `x (a) ${TAIL}`])('%j is no such line', (line) =>
    expect(parseStat(line)).toBeUndefined(),
  );

  test('a name that outlives the read is no window on the buffer', async () => {
    await using child = await startProcess();
    const first = readStat(child.pid);
    readStat(process.pid);
    expect(first?.comm).toBe('cat');
  });
});

describe('readStat', () => {
  test('of a child: its parent is this process', async () => {
    await using child = await startProcess();
    const text = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(' ');
    expect(readStat(child.pid)).toMatchObject({
      pid: child.pid,
      comm: 'cat',
      ppid: process.pid,
      session: Number(text[5]),
      startTicks: text[21],
      kernelThread: false,
    });
    expect(readStat(child.pid)?.rssPages).toBeGreaterThan(0);
  });

  test.each([
    ['newlines and parentheses', Buffer.from('a)\n(b) R 1 1'), 'a)\n(b) R 1 1'],
    ['broken UTF-8', Buffer.from([0x61, 0xff, 0x29, 0x20, 0xc3]), 'a\uFFFD) \uFFFD'],
    ['a terminal escape', Buffer.from('\x1b[2J) S 0 0'), '\x1b[2J) S 0 0'],
    ['more than 15 bytes', Buffer.from('0123456789abcdefgh'), '0123456789abcde'],
  ])('a process named with %s', async (_, name, comm) => {
    await using child = await startNamed(name);
    expect(readStat(child.pid)).toMatchObject({ pid: child.pid, comm, ppid: process.pid });
    expect(readParent(child.pid)).toMatchObject({ ppid: process.pid, kernelThread: false });
  });

  test('a zombie is there still', async () => {
    await using zombie = await startZombie();
    await vi.waitUntil(() => readStat(zombie.pid)?.state === 'Z');
    expect(readParent(zombie.pid)?.ppid).toBe(zombie.parent.pid);
  });

  test('gone, or never there', async () => {
    await using child = await startProcess();
    await child.end();
    for (const pid of [child.pid, NO_PID, 0, -1, 1.5, Number.NaN]) {
      expect(readStat(pid)).toBeUndefined();
      expect(readParent(pid)).toBeUndefined();
    }
  });

  test('no descriptors left is a failure, not "gone"', async () => {
    const { stdout } = await runModule(
      `import { openSync } from 'node:fs';
       import { readParent, readStat } from '#linux/proc-stat.ts';
       try { for (;;) openSync('/dev/null'); } catch {}
       for (const read of [readStat, readParent])
         try { console.log(read(process.pid)); } catch (error) { console.log(error.code, error.syscall); }`,
      ['/bin/sh', '-c', 'ulimit -n 40 && exec "$0" "$@"'],
    );
    expect(stdout).toBe('EMFILE open\nEMFILE open\n');
  });
});

describe('readParent', () => {
  test('says what readStat says, of every process here', () => {
    for (const pid of listPids()) {
      const stat = readStat(pid);
      const parent = readParent(pid);
      if (stat === undefined || parent === undefined) continue;
      const { startTicks, kernelThread } = stat;
      expect(parent).toMatchObject({ startTicks, kernelThread });
    }
  });
});
