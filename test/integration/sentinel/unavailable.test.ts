import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';

const root = new URL('../../..', import.meta.url).pathname;

/** Opens a sentinel in a program of its own, and says how that went: `{attached}` or `{name, reason, fix, message}`. */
const OPEN = `
  const { Sentinel } = await import('#linux/sentinel/sentinel.ts');
  try {
    const sentinel = Sentinel.open();
    console.log(JSON.stringify({ attached: sentinel.programs.filter(({ attached }) => attached).length }));
    await sentinel.close();
  } catch (error) { console.log(JSON.stringify({ ...error, name: error.name, message: error.message })); }`;

/** @param wrapper a command that runs the one that is given behind it */
function openBy(...wrapper: readonly string[]): unknown {
  const [command, ...args] = [...wrapper, process.execPath, '--input-type=module', '--eval', OPEN];
  const { stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: 30_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Runs the program where a shell command has changed what it finds mounted; nobody else sees that. */
function openAfter(mount: string): unknown {
  return openBy('unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh');
}

/** The file of libbpf, as this program has it mapped. */
function libraryFile(): string {
  const line = readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .find((mapping) => mapping.includes('/libbpf.so.1'));
  return line?.slice(line.indexOf('/')) ?? '';
}

const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
// cap_38 is CAP_PERFMON, cap_39 CAP_BPF: older tools know them by number alone.
const withCapabilities = (...numbers: readonly number[]): string[] => {
  const list = numbers.map((number) => `+cap_${number}`).join(',');
  return [...nobody, '--inh-caps', list, '--ambient-caps', list];
};

const isReadable = spawnSync(nobody[0] ?? '', [...nobody.slice(1), process.execPath, '--version'], { cwd: root }).status === 0;

describe.skipIf(skipReason !== undefined || !isReadable)(
  `as another user${isReadable ? skipWords : ' (skipped: he may not read this checkout)'}`,
  () => {
    test('without privilege', () => {
      const fix = 'root, or CAP_BPF and CAP_PERFMON';
      const reason = 'BPF programs may not be loaded (EPERM)';
      expect(openBy(...nobody)).toEqual({ name: 'SentinelUnavailable', reason, fix, message: `${reason}; it needs ${fix}` });
    });

    test('with one capability of two', () => {
      expect(openBy(...withCapabilities(39))).toMatchObject({ fix: 'root, or CAP_BPF and CAP_PERFMON' });
    });

    test('with both it runs, without being root', () => {
      expect(openBy(...withCapabilities(38, 39))).toHaveProperty('attached');
    });
  },
);

describe.skipIf(skipReason !== undefined)(`where it cannot run, the words name what to change${skipWords}`, () => {
  test('in another PID namespace', () => {
    expect(openBy('unshare', '--pid', '--fork', '--mount-proc')).toMatchObject({
      reason: 'this is not the initial PID namespace',
      fix: 'to be started outside of a container, or with --pid=host',
    });
  });

  test('on a kernel without BTF', () => {
    expect(openAfter('mount -t tmpfs none /sys/kernel/btf')).toMatchObject({
      fix: 'a kernel with CONFIG_DEBUG_INFO_BTF=y, and sysfs mounted',
    });
  });

  test('without libbpf', () => {
    expect(openAfter(`mount --bind /dev/null ${libraryFile()}`)).toMatchObject({
      reason: 'libbpf.so.1 cannot be loaded',
      fix: 'the package libbpf1 (Debian, Ubuntu) or libbpf (Fedora, Arch)',
    });
  });
});
