import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from './host/bench.ts';
import { diskMachine } from './host/disk-machine.ts';
import { checkDisk } from './host/check-disk.ts';
import { passes } from './host/passes.ts';
import { scenariosOf } from './host/scenarios.ts';
import { timesTable } from './host/times.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.prepare(diskMachine);
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

describe('a Debian with systemd on a disk', () => {
  test.for(scenariosOf('disk'))('$title', async ({ name }, context) => {
    await passes(bench, name, context);
  });

  test('the plug is pulled: what was answered is there at the next boot', async (context) => {
    await passes(bench, 'power/a-lease-is-answered', context);
    await bench.pullThePlug();
    await passes(bench, 'power/what-was-answered-is-there-after-the-cut', context);
  });

  test('powers off while guarded processes run, and its disk is clean', async (context) => {
    await passes(bench, 'power/guarded-processes-are-left-running', context);
    const tookMs = await bench.powerOff();
    console.log(`${timesTable(bench)}\npowered off in ${String(tookMs)} ms`);
    expect(await checkDisk(bench.folder)).toMatch(/clean/);
    expect(bench.complaints).toEqual([]);
  });
});
