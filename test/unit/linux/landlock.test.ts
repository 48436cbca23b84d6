import { expect, test } from 'vitest';
import { skipWhereNotConfined, skipWithoutPython, withoutLandlock } from '#test/support/landlock.ts';
import { absenceWords } from '#linux/landlock.ts';
import { runModule } from './support.ts';

const ask = `import { signalScopeAbsence } from '#linux/landlock.ts';
  console.log(signalScopeAbsence());`;

test.for([
  ['none', 'this kernel has no Landlock'],
  ['no-scope', 'and refuses to scope signals (EINVAL)'],
] as const)('a kernel with less of Landlock (%s) is told so', async ([kind, expected], context) => {
  skipWithoutPython(context);
  if (kind === 'no-scope') skipWhereNotConfined(context);
  expect((await runModule(ask, withoutLandlock(kind))).stdout).toContain(expected);
});

test('an old Landlock is told by its ABI', () => {
  expect(absenceWords(5, 22)).toBe('Landlock of this kernel has ABI 5, and signals are scoped from ABI 6 on');
  expect(absenceWords(-95, 95)).toContain('not switched on');
  expect(absenceWords(-1, 1)).toContain('EPERM');
});

test('to ask binds nobody', async (context) => {
  skipWhereNotConfined(context);
  const { stdout } = await runModule(`${ask}
    process.kill(process.ppid, 0);
    console.log('free');`);
  expect(stdout).toBe('undefined\nfree\n');
});

test('a confined process signals what it starts, and nothing else; it does not get out by being confined again', async (context) => {
  skipWhereNotConfined(context);
  // A thread is confined, not the process: the main thread, which runs the module.
  const { stdout } = await runModule(`import { confineSignals } from '#linux/landlock.ts';
    import { spawnSync } from 'node:child_process';
    for (const round of [1, 2]) {
      confineSignals();
      try {
        process.kill(process.ppid, 0);
        console.log('reached');
      } catch (error) {
        console.log(error.code);
      }
    }
    console.log(spawnSync('sh', ['-c', 'kill -KILL $$']).signal);
    try {
      for (;;) confineSignals();
    } catch (error) {
      console.log(error.name, error.reason);
    }`);
  expect(stdout).toBe(
    'EPERM\nEPERM\nSIGKILL\nConfineUnavailable this process is confined 16 times already, one inside the other\n',
  );
});
