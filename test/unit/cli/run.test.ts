import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { endingWords, exitCodeOf } from '#cli/run/ending-words.ts';
import { isInForeground } from '#cli/run/forward-signals.ts';
import { gateScript } from '#cli/run/gate-script.ts';
import { ignoredSignals } from '#cli/run/ignored-signals.ts';
import { makeFolder } from '#test/support/server/folder.ts';

test.each([
  [{ code: 0, signal: null }, 0],
  [{ code: 7, signal: null }, 7],
  [{ code: null, signal: 'SIGKILL' as const }, 137],
  [{ code: null, signal: 'SIGINT' as const }, 130],
  [{ code: null, signal: 'SIGTERM' as const }, 143],
])('%o ends with %i', (ending, exitCode) => {
  expect(exitCodeOf(ending)).toBe(exitCode);
});

test('a death says no more than is known', () => {
  expect(endingWords('cycles', 'SIGKILL', 42, undefined)).toBe('cycles (pid 42) was ended by SIGKILL');
  expect(endingWords('cycles', 'SIGKILL', 42, null)).toContain('did not come through the server');
});

test.each([
  [undefined, []],
  ['', []],
  ['zz', []],
  ['0000000000000000', []],
  ['0000000000000001', ['HUP']],
  ['0000000000000006', ['INT', 'QUIT']],
  // SIGPIPE and SIGXFSZ are node's own doing.
  ['0000000001001000', []],
  ['ffffffffffffffff', expect.not.arrayContaining(['KILL', 'STOP', 'PIPE'])],
])('mask %o ignores %o', (mask, names) => {
  expect(ignoredSignals(mask)).toEqual(names);
});

test.each([
  ['7 (a) S 1 7 7 34816 7 4194304', true],
  ['7 (a) S 1 7 7 34816 9 4194304', false],
  ['7 (a) S 1 7 7 0 -1 4194304', false],
  ['7 (a) 0 (b\n) S 1 7 7 34816 7 4194304', true],
])('%o: in the foreground of a terminal: %o', (stat, expected) => {
  expect(isInForeground(stat)).toBe(expected);
});

interface GateOptions {
  readonly ignored?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command behind the gate. @param input what comes through it before it closes */
async function throughGate(
  input: string,
  command: readonly string[],
  { ignored = [], env = {} }: GateOptions = {},
): Promise<object> {
  await using folder = await makeFolder();
  await writeFile(folder.file('gate'), input);
  const { status, signal, stdout } = spawnSync(
    '/bin/sh',
    ['-c', 'exec 9<"$0"; exec /bin/sh -c "$@"', folder.file('gate'), gateScript(ignored, 9), 'sh', ...command],
    {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    },
  );
  return { status, signal, stdout };
}

const showLease = ['sh', '-c', 'echo "$OMNIMIND_LEASE"'];
const around = { env: { OMNIMIND_LEASE: 'of-the-tree-around' } };

test('a gate that closes without a line runs nothing', async () => {
  expect(await throughGate('', ['echo', 'ran'])).toMatchObject({ status: 125, stdout: '' });
  expect(await throughGate('half', ['echo', 'ran'])).toMatchObject({ status: 125, stdout: '' });
});

test('the marker that comes through is what the command carries; without one it keeps what it had', async () => {
  expect(await throughGate('secret\n', showLease, around)).toMatchObject({ stdout: 'secret\n' });
  expect(await throughGate('\n', showLease, around)).toMatchObject({ stdout: 'of-the-tree-around\n' });
});

test('the command has the pid that was held, and neither the gate nor variables of the shell', async () => {
  expect(
    await throughGate('\n', [
      'sh',
      '-c',
      '[ "$OMNIMIND_SCRIPT_PID" = $$ ] && [ ! -e /proc/$$/fd/9 ] && ! env | grep omnimind_',
    ]),
  ).toMatchObject({
    status: 0,
  });
});

test('arguments arrive as they are, and failures to execute are those of a shell', async () => {
  expect(await throughGate('\n', ['printf', '%s|', 'a b', '', '$HOME', "'"])).toMatchObject({ stdout: "a b||$HOME|'|" });
  expect(await throughGate('\n', ['/nowhere/command'])).toMatchObject({ status: 127 });
  expect(await throughGate('\n', ['/etc/passwd'])).toMatchObject({ status: 126 });
});

test('ignored signals stay ignored in the command', async () => {
  expect(await throughGate('\n', ['sh', '-c', 'kill -HUP $$; echo lives'], { ignored: ['HUP'] })).toMatchObject({
    stdout: 'lives\n',
  });
  expect(await throughGate('\n', ['sh', '-c', 'kill -HUP $$; echo lives'])).toMatchObject({ signal: 'SIGHUP' });
});
