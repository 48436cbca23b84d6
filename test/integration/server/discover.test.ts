import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { methods } from '#protocol/methods.ts';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import type { Wire } from '#test/support/server/wire.ts';

function read(name: string): string {
  return readFileSync(new URL(`../../../protocol/${name}`, import.meta.url), 'utf8');
}

const document = JSON.parse(read('openrpc.json')) as {
  readonly methods: readonly { readonly name: string }[];
};

let folder: TestFolder;
let omnid: Omnid;
let wire: Wire;

beforeAll(async () => {
  folder = await makeFolder();
  omnid = await Omnid.start({ folder });
  wire = await omnid.connect();
});

afterAll(async () => {
  await wire[Symbol.asyncDispose]();
  await omnid[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

it('answers rpc.discover with protocol/openrpc.json', async () => {
  const { result } = await wire.ask('rpc.discover');
  expect(result).toEqual(document);
});

it.each(document.methods)('dispatches $name', async ({ name }) => {
  expect(Object.keys(methods)).toContain(name);
  const { error } = await wire.ask(name, { noSuchMember: true });
  expect(error).toMatchObject({ code: -32602, message: `${name}: unknown member "noSuchMember"` });
});

it('has no method that the document does not have', async () => {
  const { error } = await wire.ask('process.adopt', { pid: 1 });
  expect(error).toMatchObject({ code: -32601, data: { kind: 'methodNotFound' } });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

it.skipIf(!hasPython)('gives a program in Python the session that protocol/README.md shows', () => {
  const readme = read('README.md');
  const [, program = ''] = /```python\n([^]*?)```/.exec(readme) ?? [];
  const env = { ...process.env, OMNIMIND_SOCKET: omnid.socket };
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8', env });
  expect(stderr).toBe('');
  const withoutId = (text: string): string => text.replaceAll(/ls-[a-z2-7]{16,32}/g, 'ls-…');
  expect(withoutId(readme)).toContain(withoutId(`\`\`\`\n${stdout}\`\`\``));
});
