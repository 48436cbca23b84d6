import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { machineId } from '#linux/machine-id.ts';
import { readMemory } from '#linux/memory.ts';
import { parsePressure, readPressure } from '#linux/pressure.ts';
import { runProbes } from '#linux/probes.ts';
import { listPids } from '#linux/process-list.ts';
import { makeFolder, runModule, startProcess } from './support.ts';

test('readMemory says what /proc/meminfo says, in bytes', () => {
  const text = readFileSync('/proc/meminfo', 'latin1');
  const kib = (label: string): number => Number(new RegExp(`^${label}: +(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
  const memory = readMemory();
  expect(memory.memTotalBytes).toBe(totalmem());
  expect(memory.swapTotalBytes).toBe(kib('SwapTotal'));
  expect(memory.memAvailableBytes).toBeGreaterThan(0);
  expect(memory.memAvailableBytes).toBeLessThanOrEqual(memory.memTotalBytes);
  expect(memory.swapFreeBytes).toBeLessThanOrEqual(memory.swapTotalBytes);
});

describe('pressure', () => {
  const text = 'some avg10=1.25 avg60=2.50 avg300=3.75 total=123456789\nfull avg10=0.10 avg60=0.20 avg300=0.30 total=42\n';

  test('parses both lines', () => {
    expect(parsePressure(text)).toEqual({
      someAvg10: 1.25,
      someAvg60: 2.5,
      someAvg300: 3.75,
      someTotalUs: 123456789,
      fullAvg10: 0.1,
      fullAvg60: 0.2,
      fullAvg300: 0.3,
      fullTotalUs: 42,
    });
  });

  test('the cpu of a kernel before 5.13 has no full line', () => {
    expect(parsePressure(text.split('\n', 1)[0] ?? '')).toMatchObject({
      someAvg10: 1.25,
      fullAvg10: 0,
      fullTotalUs: 0,
    });
  });

  test('of this machine: all three, or none', () => {
    const read = (['memory', 'cpu', 'io'] as const).map((resource) => readPressure(resource));
    expect(new Set(read.map((each) => each === undefined)).size).toBe(1);
    for (const each of read) if (each !== undefined) expect(each.someAvg10).toBeLessThanOrEqual(100);
  });
});

test('listPids shows this process, its parent and its children, no thread, ascending', async () => {
  await using child = await startProcess();
  const pids = listPids();
  expect(pids).toEqual(expect.arrayContaining([process.pid, child.pid]));
  expect(pids).toEqual(pids.toSorted((a, b) => a - b));
  await child.end();
  expect(listPids()).not.toContain(child.pid);
});

describe('machineId', () => {
  const id = '0123456789abcdef0123456789abcdef';

  test('is the first that is there and is one', () => {
    using folder = makeFolder();
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const none = [join(folder.path, 'none'), file('empty', ''), file('boot', 'uninitialized\n')];
    expect(machineId([...none, file('good', `${id.toUpperCase()}\n`), file('later', 'f'.repeat(32))])).toBe(id);
  });

  test('without one: always the same, of the same form', () => {
    expect(machineId([])).toMatch(/^[0-9a-f]{32}$/);
    expect(machineId([])).toBe(machineId([]));
  });
});

describe('runProbes', () => {
  test('finds, and says what to change where something is not', () => {
    const probes = runProbes();
    expect(probes.map((probe) => probe.name)).toEqual([
      'kernel',
      'pidfd',
      'peerPidfd',
      'pidfdInode',
      'btf',
      'libbpf',
      'bpfCapabilities',
      'bpfLsm',
      'landlock',
      'psi',
      'cgroup2',
      'swap',
    ]);
    for (const probe of probes) {
      expect(probe.found).not.toBe('');
      expect(typeof probe.fix, probe.name).toBe(probe.ok ? 'undefined' : 'string');
    }
    expect(probes.find((probe) => probe.name === 'pidfd')?.ok).toBe(true);
    expect(probes.find((probe) => probe.name === 'psi')?.ok).toBe(readPressure('memory') !== undefined);
  });

  test.skipIf(process.getuid?.() !== 0)('capabilities that are not there are missed (needs root)', async () => {
    const ask = `import { runProbes } from '#linux/probes.ts';
      console.log(runProbes().find((probe) => probe.name === 'bpfCapabilities').ok);`;
    const both = 'setpriv --bounding-set=-all,+bpf,+perfmon --inh-caps=-all,+bpf,+perfmon'.split(' ');
    const one = 'setpriv --bounding-set=-all,+bpf --inh-caps=-all,+bpf'.split(' ');
    expect((await runModule(ask, both)).stdout).toBe('true\n');
    expect((await runModule(ask, one)).stdout).toBe('false\n');
  });
});
