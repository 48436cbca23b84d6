import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { unifiedDiff } from '#cli/isolate/diff.ts';
import { devScriptPatterns, isolationModes, limitsByMode } from '#cli/isolate/modes.ts';
import { planFile, planUndo } from '#cli/isolate/plan.ts';
import { projectFiles } from '#cli/isolate/project-files.ts';
import { authorOf, seal } from '#cli/isolate/seal.ts';
import { limitsByMode as protectorLimits } from '#core/protector/modes.ts';
import { readConfig } from '#server/config.ts';
import { makeFolder } from '#test/support/server/folder.ts';

test('a seal tells who wrote a file', () => {
  const text = seal('isolate test', 'A=1\n');
  expect(authorOf(text)).toBe('isolate');
  expect(authorOf(text.replace('A=1', 'A=2'))).toBe('changed');
  expect(authorOf(`${text}B=1\n`)).toBe('changed');
  expect(authorOf('A=1\n')).toBe('person');
});

test('what a person wrote is replaced, what isolate wrote is updated', () => {
  const [ours, next] = [seal('isolate test', 'A=1\n'), seal('isolate dev', 'A=2\n')];
  expect(planFile('f', undefined, ours).action).toBe('create');
  expect(planFile('f', ours, ours)).toMatchObject({ action: 'unchanged', diff: [] });
  expect(planFile('f', ours, next).action).toBe('update');
  expect(planFile('f', `${ours}B=1\n`, next).action).toBe('replace');
  expect(planFile('f', 'A=1\n', next).action).toBe('replace');
});

test('undo brings back what was there, and leaves alone what isolate has nothing to do with', () => {
  const ours = seal('isolate test', 'A=1\n');
  expect(planUndo('f', ours, undefined)).toMatchObject({ action: 'remove', after: undefined });
  expect(planUndo('f', ours, 'OLD\n')).toMatchObject({ action: 'update', after: 'OLD\n' });
  expect(planUndo('f', `${ours}mine\n`, undefined)).toMatchObject({ action: 'replace', after: undefined });
  expect(planUndo('f', 'mine\n', undefined)).toMatchObject({ action: 'unchanged', after: 'mine\n' });
  expect(planUndo('f', undefined, undefined).action).toBe('unchanged');
});

test('a difference is shown as diff -u shows it', () => {
  const before = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
  const after = ['one', 'two', 'three', 'four', 'FIVE', 'six', 'seven', 'eight', 'nine', 'ten'];
  expect(unifiedDiff(`${before.join('\n')}\n`, `${after.join('\n')}\n`, 'f')).toEqual([
    '--- f',
    '+++ f',
    '@@ -2 +2 @@',
    ' two',
    ' three',
    ' four',
    '-five',
    '+FIVE',
    ' six',
    ' seven',
    ' eight',
    ' nine',
    '+ten',
  ]);
  expect(unifiedDiff('a\n', 'a\n', 'f')).toEqual([]);
  expect(unifiedDiff(undefined, 'a\n', 'f')).toEqual(['--- /dev/null', '+++ f', '@@ -1 +1 @@', '+a']);
  expect(unifiedDiff('a', 'a\n', 'f')).toContain('-\\ no end of line');
});

test('a difference adds and takes as many lines as the texts differ by, and is empty where they are equal', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (one, other) => {
      const shown = unifiedDiff(`${one.join('\n')}\n`, `${other.join('\n')}\n`, 'f').slice(2);
      const marked = (mark: string): number => shown.filter((line) => line.startsWith(mark)).length;
      const nothing = one.join() === other.join();
      expect(shown.length === 0).toBe(nothing);
      expect(marked('+') - marked('-')).toBe(nothing ? 0 : Math.max(1, other.length) - Math.max(1, one.length));
    }),
  );
});

function fileOf(mode: (typeof isolationModes)[number], name: string): string {
  return projectFiles(mode).get(name) ?? '';
}

const shells = ['dash', 'bash --norc', 'zsh', 'busybox sh'].map((words) => words.split(' '));

test.for(shells)('%s sources the environment file, with every key', async ([shell = '', ...args], { skip }) => {
  if (spawnSync(shell, ['-c', ':']).error !== undefined) skip(`${shell} is not installed here: not tested`);
  await using folder = await makeFolder();
  await writeFile(folder.file('.env.resource_config'), fileOf('dev', '.env.resource_config'));
  const script = 'set -eu; . ./.env.resource_config; env';
  const { stdout, stderr } = spawnSync(shell, [...args, '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder.path,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect(stderr).toBe('');
  const found = Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('OMNIMIND_'))
      .map((line) => line.split('=')),
  ) as Record<string, string>;
  expect(found).toEqual({
    OMNIMIND_RESOURCE_PROTECTOR_MODE: 'dev',
    OMNIMIND_DEV_PATTERNS:
      'pytest|03_run_500_cycles|03_test_50_cycles|MASTER_RECOVERY|integration_cycles|jupyter|robust_consciousness_validation|python -m unittest|scripts/recovery|run_dev_safe',
    OMNIMIND_ENABLE_DEV_ISOLATION: 'true',
    OMNIMIND_DEV_SCRIPT_NICE: '10',
    OMNIMIND_PROTECT_FROM_SIGKILL: 'true',
    OMNIMIND_ALLOW_DAEMON_SELF_HEAL: 'true',
  });
});

test.for(isolationModes)('Python imports the module, with every name (%s)', async (mode, { skip }) => {
  if (spawnSync('python3', ['--version']).error !== undefined) skip('python3 is not installed here: not tested');
  await using folder = await makeFolder();
  await writeFile(folder.file('resource_isolation_config.py'), fileOf(mode, 'resource_isolation_config.py'));
  const names = [
    ['DEV_SCRIPT_PATTERNS', 'DAEMON_PATTERNS', 'LIMITS_BY_MODE', 'DEV_SCRIPT_SIGNALS'],
    ['ENABLE_PROTECTION_DEBUG_LOGS', 'ENABLE_DEV_SCRIPT_PROTECTION_LOGS', 'MODE', 'LIMITS'],
  ].flat();
  const script = `import json, resource_isolation_config as c; print(json.dumps({n: getattr(c, n) for n in ${JSON.stringify(names)}}))`;
  const importIn = (env: Record<string, string>): Readonly<Record<string, unknown>> => {
    const { stdout, stderr } = spawnSync('python3', ['-B', '-c', script], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...env },
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
  };
  expect(importIn({})).toMatchObject({
    DAEMON_PATTERNS: ['uvicorn', 'qdrant', 'redis', 'observer_service', 'resource_protector'],
    LIMITS_BY_MODE: limitsByMode,
    DEV_SCRIPT_SIGNALS: { SIGTERM: true, SIGKILL: false },
    MODE: mode,
    LIMITS: limitsByMode[mode],
    ENABLE_PROTECTION_DEBUG_LOGS: true,
    ENABLE_DEV_SCRIPT_PROTECTION_LOGS: true,
  });
  expect(importIn({ OMNIMIND_RESOURCE_PROTECTOR_MODE: 'prod' })).toMatchObject({ MODE: 'prod', LIMITS: limitsByMode.prod });
  expect(importIn({ OMNIMIND_RESOURCE_PROTECTOR_MODE: 'nonsense' })).toMatchObject({ MODE: mode });
});

test('the rules are TOML, and their patterns find the command lines that they are for', () => {
  interface Rule {
    readonly name: string;
    readonly cmdline?: string;
  }
  const { rule } = parse(fileOf('test', 'omnid-rules.toml')) as unknown as { readonly rule: readonly Rule[] };
  const finds = (line: string): readonly string[] =>
    rule.filter(({ cmdline }) => cmdline !== undefined && new RegExp(cmdline).test(line)).map(({ name }) => name);
  expect(finds('python3 -m pytest -x tests')).toEqual(['pytest']);
  expect(finds('python -m unittest discover')).toEqual(['python -m unittest']);
  expect(finds('bash scripts/recovery/run.sh')).toEqual(['scripts/recovery']);
  expect(finds('/bin/sh ./run_dev_safe.sh . x.py')).toEqual(['run_dev_safe']);
  expect(finds('uvicorn backend:app')).toEqual([]);
  expect(rule).toContainEqual({ name: 'OMNIMIND_DEV_SCRIPT_MODE', environment: 'OMNIMIND_DEV_SCRIPT_MODE=true' });
});

test('omnid reads the rules as they are written', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.file('omnid.toml'), fileOf('test', 'omnid-rules.toml'));
  const names = readConfig(folder.file('omnid.toml'), true).rules.list.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining([...devScriptPatterns, 'OMNIMIND_DEV_SCRIPT_MODE']));
});

test.each(isolationModes)('the limits of %s are those that omnid’s resource protector holds', (mode) => {
  const limits = protectorLimits[mode];
  expect(limitsByMode[mode]).toEqual({
    cpu_percent: limits.cpuPercent,
    memory_percent: limits.memoryPercent,
    kill_threshold_cpu: limits.hogCpuPercent,
    grace_period: limits.startGraceMs / 1000,
    prefer_nice_over_kill: limits.preferNiceOverKill,
    max_process_memory_mb: limits.processBytesMax / 1_000_000,
    disk_warning_percent: limits.diskPercent,
    max_processes: limits.groupProcessesMax,
  });
});

test('the README has the values of each mode', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
  for (const name of Object.keys(limitsByMode.dev) as (keyof typeof limitsByMode.dev)[]) {
    const cells = (['dev', 'test', 'prod'] as const).map((mode) => {
      const value = limitsByMode[mode][name];
      return typeof value === 'number' ? value.toLocaleString('en') : value ? 'True' : 'False';
    });
    expect(readme).toContain(`| \`${name}\` | ${cells.join(' | ')} |`);
  }
});
