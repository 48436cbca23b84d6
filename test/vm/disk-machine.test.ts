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

const isContest = ({ name }: { readonly name: string }): boolean => name.includes('/protector/');
const scenarios = scenariosOf('disk');

describe('a Debian with systemd on a disk', () => {
  test.for(scenarios.filter((one) => !isContest(one)))('$title', async ({ name }, context) => {
    await passes(bench, name, context);
  });

  // Races against the kernel's OOM killer, on a machine that may stand still whenever its host is busy: one that is lost is run
  // once more, and Vitest says so. How often they are won is the bench's matter (vm-hog-).
  test.for(scenarios.filter(isContest))('$title', { retry: 1 }, async ({ name }, context) => {
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
