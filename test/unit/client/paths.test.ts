import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSocket, machineId, stateFolder, systemSocketPath, userSocketPath } from '#client/paths.ts';

const id = machineId();

test('a named socket is the only candidate, the option before the variable', () => {
  expect(findSocket({ socket: '/a/b.sock', env: { OMNIMIND_SOCKET: '/c/d.sock' } })).toEqual(['/a/b.sock']);
  expect(findSocket({ env: { OMNIMIND_SOCKET: '/c/d.sock' } })).toEqual(['/c/d.sock']);
});

test('a relative path is made absolute: the program may change its folder', () => {
  expect(findSocket({ socket: 'x.sock', env: {} })).toEqual([join(process.cwd(), 'x.sock')]);
});

test("else the system's, then the user's in the runtime folder", () => {
  const env = { XDG_RUNTIME_DIR: '/run/user/1000', OMNIMIND_SOCKET: '' };
  expect(findSocket({ env })).toEqual([systemSocketPath, '/run/user/1000/omnimind/omnid.sock']);
});

test('without a runtime folder the socket stands in the state folder, which carries the machine id', () => {
  expect(userSocketPath({ HOME: '/home/u' })).toBe(`/home/u/.local/state/omnimind/${id}/run/omnid.sock`);
  expect(stateFolder({ HOME: '/home/u', XDG_STATE_HOME: '/state' })).toBe(`/state/omnimind/${id}`);
});

test('relative XDG folders are ignored, as their specification says', () => {
  const env = { HOME: '/home/u', XDG_STATE_HOME: 'state', XDG_RUNTIME_DIR: 'run' };
  expect(userSocketPath(env)).toBe(`/home/u/.local/state/omnimind/${id}/run/omnid.sock`);
});

test('the machine id is the first file that has one, else made from the name of the host', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'omnimind-machine-id-'));
  try {
    const [absent, fresh, good] = ['absent', 'fresh', 'good'].map((name) => join(folder, name)) as [string, string, string];
    await writeFile(fresh, 'uninitialized\n');
    await writeFile(good, '0123456789abcdef0123456789abcdef\n');
    expect(machineId([absent, fresh, good])).toBe('0123456789abcdef0123456789abcdef');
    expect(machineId([absent, fresh])).toMatch(/^[0-9a-f]{32}$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
