import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { User, type Result } from './support/omnictl.ts';

let user: User;

beforeAll(async () => {
  user = await User.create();
});

afterAll(async () => {
  await user[Symbol.asyncDispose]();
});

const names = ['.env.resource_config', 'omnid-rules.toml', 'resource_isolation_config.py'];

function isolate(folder: TestFolder, ...args: readonly string[]): Promise<Result> {
  return user.omnictl(['isolate', ...args], { cwd: folder.path });
}

async function textsOf(folder: TestFolder): Promise<Readonly<Record<string, string>>> {
  const files = (await readdir(folder.path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const texts = files.map(async ({ parentPath, name }) => {
    const path = `${parentPath}/${name}`;
    return [path.slice(folder.path.length + 1), await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

test('it writes three files, and nothing a second time; --undo leaves nothing behind', async () => {
  await using folder = await makeFolder();
  const first = await isolate(folder, 'test');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout.split('\n').filter(Boolean).toSorted()).toEqual(names.map((name) => `created ${name}`));
  const written = await textsOf(folder);
  expect(Object.keys(written).toSorted()).toEqual(names);
  const before = await stat(folder.file('.env.resource_config'));
  expect((await isolate(folder, 'test')).stdout).toContain('unchanged .env.resource_config');
  expect((await stat(folder.file('.env.resource_config'))).ino).toBe(before.ino);
  expect(await textsOf(folder)).toEqual(written);
  expect(await isolate(folder, '--undo')).toMatchObject({ code: 0 });
  expect(await textsOf(folder)).toEqual({});
});

test('another mode updates what nobody has changed, without a question', async () => {
  await using folder = await makeFolder();
  await isolate(folder, 'test');
  const { code, stdout } = await isolate(folder, 'prod');
  expect(code).toBe(0);
  expect(stdout).toContain('updated .env.resource_config');
  expect((await textsOf(folder))['.env.resource_config']).toContain("OMNIMIND_RESOURCE_PROTECTOR_MODE='prod'");
  expect(await readdir(folder.path)).toHaveLength(3);
});

test('what a person changed is shown and kept, and nothing at all is written', async () => {
  await using folder = await makeFolder();
  await isolate(folder, 'test');
  const path = folder.file('.env.resource_config');
  await writeFile(path, (await readFile(path, 'utf8')).replace("='10'", "='5'"));
  const before = await textsOf(folder);
  const { code, stdout, stderr } = await isolate(folder, 'dev');
  expect(code).toBe(1);
  expect(stdout).toContain("-export OMNIMIND_DEV_SCRIPT_NICE='5'\n+export OMNIMIND_DEV_SCRIPT_NICE='10'\n");
  expect(stdout).toContain('changed by a person: .env.resource_config');
  expect(stderr).toContain('--replace');
  expect(await textsOf(folder)).toEqual(before);
});

test('--replace keeps a copy, to the byte; --undo brings it back', async () => {
  await using folder = await makeFolder();
  const own = Buffer.from([0x41, 0x3d, 0xff, 0x0a]);
  await writeFile(folder.file('.env.resource_config'), own);
  await chmod(folder.file('.env.resource_config'), 0o600);
  const { code, stdout } = await isolate(folder, 'test', '--replace');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^-A=/m);
  expect(stdout).toContain('replaced .env.resource_config (what was there: .omnimind-isolate/.env.resource_config.1)');
  expect((await stat(folder.file('.env.resource_config'))).mode & 0o777).toBe(0o600);
  expect(await isolate(folder, '--undo')).toMatchObject({ code: 0 });
  expect(await readdir(folder.path)).toEqual(['.env.resource_config']);
  expect(await readFile(folder.file('.env.resource_config'))).toEqual(own);
  expect((await isolate(folder, '--undo')).stdout).toContain('unchanged .env.resource_config');
  expect(await readFile(folder.file('.env.resource_config'))).toEqual(own);
});

test('--undo asks before it takes what a person changed since', async () => {
  await using folder = await makeFolder();
  await isolate(folder, 'test');
  const path = folder.file('resource_isolation_config.py');
  await writeFile(path, `${await readFile(path, 'utf8')}MINE = 1\n`);
  const refused = await isolate(folder, '--undo');
  expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('-MINE = 1') as string });
  expect(await readFile(path, 'utf8')).toContain('MINE = 1');
  expect(await isolate(folder, '--undo', '--replace')).toMatchObject({ code: 0 });
  const left = await textsOf(folder);
  expect(Object.keys(left)).toEqual(['.omnimind-isolate/resource_isolation_config.py.undone.1']);
  // Nor does a later undo bring back what an undo took.
  await isolate(folder, '--undo');
  expect(await textsOf(folder)).toEqual(left);
});

test('--check writes nothing, and says by its exit code whether all is as it should be', async () => {
  await using folder = await makeFolder();
  const missing = await isolate(folder, 'test', '--check');
  expect(missing).toMatchObject({ code: 1, stdout: expect.stringContaining('missing: .env.resource_config') as string });
  expect(await readdir(folder.path)).toEqual([]);
  await isolate(folder, 'test');
  expect(await isolate(folder, 'test', '--check')).toMatchObject({ code: 0 });
  expect(await isolate(folder, 'test', '--check', '--quiet')).toMatchObject({ code: 0, stdout: '' });
  const other = await isolate(folder, 'dev', '--check');
  expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining('of another mode: .env.resource_config') as string });
});

test('--dir and --json', async () => {
  await using folder = await makeFolder();
  await mkdir(folder.file('project'));
  const { stdout } = await isolate(folder, 'test', '--dir', 'project', '--json');
  const document = JSON.parse(stdout) as { readonly files: readonly unknown[] };
  expect(document).toMatchObject({ mode: 'test', dir: folder.file('project') });
  expect(document.files).toContainEqual({
    name: '.env.resource_config',
    action: 'create',
    done: true,
    diff: expect.any(Array) as unknown,
  });
  expect((await readdir(folder.file('project'))).toSorted()).toEqual(names);
});

test('a link is not followed', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.file('elsewhere'), 'precious\n');
  await symlink('elsewhere', folder.file('.env.resource_config'));
  const { code, stderr } = await isolate(folder, 'test', '--replace');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('no plain file') as string });
  expect((await readdir(folder.path)).toSorted()).toEqual(['.env.resource_config', 'elsewhere']);
});

test.each([
  [['isolate'], 'takes a mode'],
  [['isolate', 'test', '--undo'], 'takes a mode'],
  [['isolate', '--undo', '--check'], '--check writes nothing'],
  [['isolate', 'staging'], 'Allowed choices are test, dev, prod'],
])('%o is a mistake in the command line', async (words, expected) => {
  expect(await user.omnictl(words)).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) as string });
});

test('a folder that is not there', async () => {
  await using folder = await makeFolder();
  expect(await isolate(folder, 'test', '--dir', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--dir') as string,
  });
});
