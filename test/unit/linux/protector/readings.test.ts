import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emptyReading } from '#core/protector/machine-reading.ts';
import { makeColumns, processKind } from '#core/protector/process-columns.ts';
import { boottimeMs } from '#linux/clock.ts';
import { readMemory } from '#linux/memory.ts';
import { listPids } from '#linux/process-list.ts';
import { diskUsedPercent } from '#linux/protector/disk-use.ts';
import { MachineSampler } from '#linux/protector/machine-sampler.ts';
import { hasEnvironmentEntry, ioCalls, programName, proportionalBytes } from '#linux/protector/process-facts.ts';
import { ProcessSampler } from '#linux/protector/process-sampler.ts';
import { findKib, numberAt } from '#linux/protector/scan-number.ts';
import { fillFromStat } from '#linux/protector/stat-column.ts';
import { runScript, startSleeper } from '#test/support/server/processes.ts';

describe('a look through the process table', () => {
  it('finds what /proc says of a process, ascending by pid', async () => {
    await using child = await startSleeper();
    using sampler = new ProcessSampler(makeColumns(32_768));
    const columns = sampler.sample(5, true);
    const pids = [...columns.pid.subarray(0, columns.count)];
    expect(pids).toEqual(pids.toSorted((a, b) => a - b));
    expect(columns.bootMs).toBeLessThanOrEqual(boottimeMs());
    const row = pids.indexOf(child.pid);
    const fields =
      readFileSync(`/proc/${String(child.pid)}/stat`, 'latin1')
        .split(') ')[1]
        ?.split(' ') ?? [];
    expect(columns.ppid[row]).toBe(process.pid);
    expect(columns.group[row]).toBe(Number(fields[2]));
    expect(columns.session[row]).toBe(Number(fields[3]));
    expect(columns.startTicks[row]).toBe(Number(fields[19]));
    expect(columns.rssBytes[row]).toBeGreaterThan(100_000);
    expect(columns.kind[row]).toBe(0);
    expect(pids.filter((pid) => listPids().includes(pid)).length).toBeGreaterThan(pids.length / 2);
  });

  it('sees memory and CPU time that a process takes', async () => {
    await using hog = runScript(`exec python3 -c "
import os
os.read(3, 1); held = b'x' * (64 << 20)
sum(range(3_000_000))
print('taken', flush=True)
os.read(3, 1)"`);
    using sampler = new ProcessSampler(makeColumns(32_768));
    const rowOf = (): { bytes: number; ticks: number } => {
      const columns = sampler.sample(1, false);
      const row = columns.pid.subarray(0, columns.count).indexOf(hog.pid);
      return { bytes: columns.rssBytes[row] ?? 0, ticks: columns.cpuTicks[row] ?? 0 };
    };
    const before = rowOf();
    hog.say('x');
    expect(await hog.line()).toBe('taken');
    const after = rowOf();
    expect(after.bytes - before.bytes).toBeGreaterThan(60 << 20);
    expect(after.ticks).toBeGreaterThan(before.ticks);
  });

  it('fills no further than its columns, and counts the rest', () => {
    using sampler = new ProcessSampler(makeColumns(2));
    expect(sampler.sample(1, false).count).toBe(2);
    expect(sampler.left).toBeGreaterThan(0);
  });

  it('makes no garbage worth naming', () => {
    using sampler = new ProcessSampler(makeColumns(32_768));
    for (let warm = 0; warm < 20; warm += 1) sampler.sample(1, false);
    const looks = 50;
    const before = process.memoryUsage().heapUsed;
    let rows = 0;
    for (let look = 0; look < looks; look += 1) rows += sampler.sample(1, false).count;
    // A single string for each process would be more; a collection in between makes it negative.
    expect((process.memoryUsage().heapUsed - before) / rows).toBeLessThan(200);
  });
});

describe('a line of /proc/PID/stat', () => {
  const tail = 'S 7 8 9 34816 -1 4194304 0 0 0 0 120 30 0 0 20 0 1 0 5000 99 25 18446744073709551615';
  const parse = (line: string): ReturnType<typeof makeColumns> | undefined => {
    const columns = makeColumns(1);
    const bytes = Buffer.from(line);
    return fillFromStat(columns, 0, 9, bytes, bytes.length, 4096) ? columns : undefined;
  };

  it('is read from its last parenthesis, whatever the name holds', () => {
    for (const name of ['cat', 'a b) S 1 (', '((', ') R 2 3', 'new\nline', '']) {
      const columns = parse(`9 (${name}) ${tail}`);
      expect([columns?.ppid[0], columns?.group[0], columns?.session[0]], name).toEqual([7, 8, 9]);
      expect([columns?.cpuTicks[0], columns?.startTicks[0], columns?.rssBytes[0]]).toEqual([150, 5000, 25 * 4096]);
      expect(columns?.kind[0]).toBe(processKind.terminalLeader);
    }
  });

  it('tells kernel threads and zombies', () => {
    expect(parse(`9 (k) ${tail.replace('4194304', '2129984')}`)?.kind[0]).toBe(
      processKind.kernelThread | processKind.terminalLeader,
    );
    expect(parse(`9 (z) Z${tail.slice(1)}`)?.kind[0]).toBe(processKind.zombie | processKind.terminalLeader);
  });

  it('is none where it ends too soon', () => {
    expect(parse('9 (cat) S 7 8')).toBeUndefined();
    expect(parse('nothing')).toBeUndefined();
  });
});

describe('a look at the machine', () => {
  it('says what /proc/meminfo, /proc/stat and PSI say', () => {
    using sampler = new MachineSampler();
    const reading = emptyReading();
    sampler.sample(reading, 7);
    const memory = readMemory();
    expect(reading.atMs).toBe(7);
    expect(reading.memTotalBytes).toBe(memory.memTotalBytes);
    expect(Math.abs(reading.memAvailableBytes - memory.memAvailableBytes) / memory.memTotalBytes).toBeLessThan(0.2);
    expect(reading.swapTotalBytes).toBe(memory.swapTotalBytes);
    const columns = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
    const total = columns.reduce((sum, each) => sum + each, 0);
    expect(reading.cpuTotalTicks).toBeLessThanOrEqual(total);
    expect(total - reading.cpuTotalTicks).toBeLessThan(10_000);
    expect(reading.cpuBusyTicks).toBeLessThan(reading.cpuTotalTicks);
    // Without PSI in the kernel it is not a number.
    expect(Number.isNaN(reading.memorySomeUs) || reading.memorySomeUs >= 0).toBe(true);
  });
});

describe('numbers in bytes', () => {
  const bytes = Buffer.from('MemTotal:   100 kB\nMemFree: 7 kB\nVmSwap:\t  42 kB\n');

  it('are found behind their label, within what was read', () => {
    expect(findKib(bytes, bytes.length, 'VmSwap:')).toBe(42);
    expect(findKib(bytes, 10, 'VmSwap:')).toBe(0);
    expect(findKib(bytes, bytes.length, 'Nothing:')).toBe(0);
    expect(numberAt(bytes, 0, 12)).toBe(0);
  });
});

describe('facts of one process', () => {
  it('are its program, its environment, its share of memory and its input and output', async () => {
    await using child = await startSleeper({ env: { NAMED: 'a=b' } });
    expect(programName(child.pid)).toBe('cat');
    expect(hasEnvironmentEntry(child.pid, 'NAMED=a=b')).toBe(true);
    expect(hasEnvironmentEntry(child.pid, 'NAMED=a')).toBe(false);
    expect(hasEnvironmentEntry(child.pid, 'OTHER=')).toBe(false);
    expect(proportionalBytes(child.pid)).toBeGreaterThan(0);
    expect(ioCalls(child.pid)).toBeGreaterThan(0);
    await child.kill();
    expect([programName(child.pid), proportionalBytes(child.pid), ioCalls(child.pid)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of a disk is how full it is', () => {
    expect(diskUsedPercent('/')).toBeGreaterThan(0);
    expect(diskUsedPercent('/no/such/folder')).toBeUndefined();
  });
});
