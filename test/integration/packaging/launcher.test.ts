import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineEnvironment, root, run } from './machine.ts';

/** A program that tells how it was started. */
const program = `
const [, script, ...args] = process.argv;
if (args[0] === 'wait') { process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('ready'); }
else if (args[0] === 'die') process.kill(process.pid, 'SIGKILL');
else if (args[0] === 'status') process.exitCode = Number(args[1]);
else console.log(JSON.stringify({ major: Number(process.versions.node.split('.')[0]), args, cwd: process.cwd(), pid: process.pid }));
`;

interface Started {
  readonly major: number;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly pid: number;
}

let folder: string;

/** A package as npm lays it, with the project's Node in the `modules` that is given, or with none. */
async function layPackage(path: string, modules?: string): Promise<string> {
  await cp(join(root, 'bin'), join(path, 'bin'), { recursive: true });
  await mkdir(join(path, 'dist'), { recursive: true });
  await writeFile(join(path, 'dist/omnictl.cjs'), program);
  if (modules !== undefined) {
    const installed = join(modules, `node-linux-${process.arch}`);
    await mkdir(installed, { recursive: true });
    await symlink(dirname(process.execPath), join(installed, 'bin'));
  }
  return path;
}

async function link(target: string, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
  return path;
}

async function started(command: string, args: readonly string[] = [], env?: NodeJS.ProcessEnv): Promise<Started> {
  const { stdout, stderr } = await run(command, args, { cwd: '/', ...(env === undefined ? {} : { env }) });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Started;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnimind launcher '));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('starts from a checkout, by its own path and by node_modules/.bin', async () => {
  const checkout = await layPackage(join(folder, 'checkout'), join(folder, 'checkout/node_modules'));
  const bin = await link('../../bin/omnictl', join(checkout, 'node_modules/.bin/omnictl'));
  for (const command of [join(checkout, 'bin/omnictl'), bin]) {
    expect(await started(command)).toMatchObject({ major: 24, cwd: '/' });
  }
});

test('starts from a global prefix, and through a link to that link', async () => {
  const installed = join(folder, 'prefix/lib/node_modules/omnimind-protector');
  await layPackage(installed, join(installed, 'node_modules'));
  const bin = await link('../lib/node_modules/omnimind-protector/bin/omnictl', join(folder, 'prefix/bin/omnictl'));
  const further = await link(bin, join(folder, 'elsewhere/ctl'));
  const relative = await link('../prefix/bin/omnictl', join(folder, 'elsewhere/relative'));
  for (const command of [bin, further, relative]) expect((await started(command)).major).toBe(24);
});

test('starts as a dependency, with Node hoisted beside it or further up', async () => {
  const beside = join(folder, 'project/node_modules');
  await layPackage(join(beside, 'omnimind-protector'), beside);
  const bin = await link('../omnimind-protector/bin/omnictl', join(beside, '.bin/omnictl'));
  expect((await started(bin)).major).toBe(24);

  const above = join(folder, 'workspaces/node_modules');
  const inner = await layPackage(join(folder, 'workspaces/apps/one/node_modules/omnimind-protector'), above);
  expect((await started(join(inner, 'bin/omnictl'))).major).toBe(24);
});

test('is found on the PATH, and by a relative path', async () => {
  const bin = join(folder, 'checkout/node_modules/.bin');
  const env = machineEnvironment();
  const onPath = await run('/bin/sh', ['-c', 'omnictl one'], {
    cwd: '/',
    env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` },
  });
  expect(JSON.parse(onPath.stdout)).toMatchObject({ args: ['one'], cwd: '/' });
  for (const command of ['./node_modules/.bin/omnictl', 'sh bin/omnictl']) {
    const { stdout } = await run('/bin/sh', ['-c', `${command} two`], { cwd: join(folder, 'checkout') });
    expect(JSON.parse(stdout)).toMatchObject({ args: ['two'] });
  }
});

test('passes arguments, exit status and signals, and is the process itself', async () => {
  const command = join(folder, 'checkout/node_modules/.bin/omnictl');
  const args = ['--', '', 'two words', '$HOME "quoted" \\', '*', '-n', 'line\nbreak'];
  expect((await started(command, args)).args).toEqual(args);
  expect((await run(command, ['status', '42'])).status).toBe(42);
  expect((await run(command, ['die'])).signal).toBe('SIGKILL');

  const child = spawn(command, ['wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(7);

  const script = `"${command}" & wait $!; echo $!`;
  const { stdout } = await run('/bin/sh', ['-c', script]);
  const [report = '', pid] = stdout.trim().split('\n');
  expect((JSON.parse(report) as Started).pid).toBe(Number(pid));
});

test('takes a Node from the PATH where none was installed with it, if that is new enough', async () => {
  const bare = await layPackage(join(folder, 'bare'));
  const command = join(bare, 'bin/omnictl');
  const withProjectNode = machineEnvironment({ PATH: `${dirname(process.execPath)}:/usr/bin:/bin` });
  expect((await started(command, [], withProjectNode)).major).toBe(24);

  const old = join(folder, 'old');
  await mkdir(old);
  await writeFile(join(old, 'node'), '#!/bin/sh\necho v20.20.2\n');
  await chmod(join(old, 'node'), 0o755);
  for (const PATH of [old, '/nowhere']) {
    const { status, stderr } = await run(command, [], { env: machineEnvironment({ PATH }) });
    expect(status).toBe(69);
    expect(stderr).toMatch(/^omnictl: needs Node\.js 24 or later.*\n.*npm install -g /);
  }
});

test('says what to do in a checkout that is not built', async () => {
  const unbuilt = await layPackage(join(folder, 'unbuilt'));
  await rm(join(unbuilt, 'dist'), { recursive: true });
  const { status, stderr } = await run(join(unbuilt, 'bin/omnictl'), []);
  expect(status).toBe(69);
  expect(stderr).toContain(`run 'npm run build' in ${unbuilt}`);
});
