import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { completionScript, type Shell } from '#cli/completion/script.ts';
import { makeFolder } from '#test/support/server/folder.ts';

function has(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

const syntax: readonly (readonly [Shell, readonly string[]])[] = [
  ['bash', ['-n']],
  ['zsh', ['-n']],
  ['fish', ['--no-execute']],
];

test.for(syntax)('%s takes its script', async ([shell, flags], { skip }) => {
  if (!has(shell)) skip(`${shell} is not installed here: its completion script was not checked`);
  await using folder = await makeFolder();
  await writeFile(folder.file('script'), await completionScript(shell));
  const { status, stderr } = spawnSync(shell, [...flags, folder.file('script')], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

/** What a real bash offers at the end of a line. */
async function complete(line: string): Promise<readonly string[]> {
  const words = line.split(/ +|(?==)|(?<==)/);
  const script = `${await completionScript('bash')}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE='' COMP_POINT=0
    _omnictl
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

test.each([
  ['omnictl ', ['status', 'history', 'server', 'help']],
  ['omnictl st', ['status']],
  ['omnictl --so', ['--socket']],
  ['omnictl --socket /run/x his', ['history']],
  ['omnictl history --for', ['--format']],
  ['omnictl history --format ', ['table', 'json', 'ndjson', 'csv']],
  ['omnictl history --format=c', ['csv']],
  ['omnictl history --outcome den', ['denied']],
  ['omnictl may-kill --signal T', ['TERM']],
  ['omnictl server ', ['status', 'stop', 'restart']],
  ['omnictl server stop --q', ['--quiet']],
  ['omnictl completion f', ['fish']],
  ['omnictl help reg', ['register']],
  ['omnictl run --re', ['--reason', '--require']],
  ['omnictl run print', ['printf']],
  ['omnictl run --label x -- print', ['printf']],
  ['omnictl kill 1', ['1']],
])('bash completes "%s"', async (line, expected) => {
  expect(await complete(line)).toEqual(expect.arrayContaining(expected));
});

test.each([
  ['omnictl st', ['status']],
  ['omnictl server sta', ['status']],
  ['omnictl history --since ', []],
  ['omnictl run --nice ', []],
  ['omnictl run --label x -- sh --json -', []],
])('bash offers nothing else at "%s"', async (line, expected) => {
  expect(await complete(line)).toEqual(expected);
});

test('fish and zsh know every verb and the choices of options', async () => {
  const fish = await completionScript('fish');
  expect(fish).toContain("complete -c omnictl -n __fish_use_subcommand -a may-kill -d 'ask whether processes may be killed'");
  expect(fish).toContain("-l format -x -a 'table json ndjson csv'");
  const zsh = await completionScript('zsh');
  expect(zsh).toContain('#compdef omnictl');
  expect(zsh).toContain(':value:(table json ndjson csv)');
});
