import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { machineEnvironment, root, run, runOk } from './machine.ts';

interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

const versionLine = new RegExp(`^(omnid )?${RegExp.escape(manifest.version)}\\n$`);

let folder: string;
let report: PackReport;
/** What `npm install -g --prefix` made, in an empty folder with a space in its name. */
let prefix: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'omnimind pack '));
  prefix = join(folder, 'prefix');
  installed = join(prefix, 'lib/node_modules', manifest.name);
  const packed = await runOk('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  // Since npm 11 the report is an object by package name; before, a list.
  const reports = Object.values(JSON.parse(packed.slice(packed.search(/^[[{]$/m))) as Record<string, PackReport>);
  report = reports[0]!;
  await mkdir(prefix);
  const tarball = join(folder, report.filename);
  await runOk('npm', ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', tarball], {
    cwd: folder,
  });
}, 300_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  test('holds the commands, the bundles and the contract, and nothing else', () => {
    const paths = report.files.map(({ path }) => path);
    const published =
      /^(package\.json|LICENSE|README\.md|bin\/(omnictl|omnid|launch\.sh)|dist\/.+|protocol\/.+\.(json|md)|share\/omnimind\.service)$/;
    expect(paths.filter((path) => !published.test(path))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'bin/omnictl',
        'bin/omnid',
        'bin/launch.sh',
        'dist/client.js',
        'dist/client.d.ts',
        'share/omnimind.service',
      ]),
    );
  });

  test('holds no sources, tests or secrets', () => {
    const paths = report.files.map(({ path }) => path);
    expect(paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(
      paths.filter((path) => /(^|\/)(\.[^/]+|src|test|node_modules)(\/|$)|\.(map|pem|key|db|log|env)$/.test(path)),
    ).toEqual([]);
  });

  test('says nothing of the machine that built it', async () => {
    const contents = await Promise.all(report.files.map(({ path }) => readFile(join(installed, path), 'utf8')));
    const telling = report.files.filter((_, index) => contents[index]?.includes(root));
    expect(telling).toEqual([]);
  });
});

describe('installed globally, on a machine with a Node of its own', () => {
  test.for(['omnictl', 'omnid'])('%s --version, from another folder', async (command) => {
    const outcome = await run(join(prefix, 'bin', command), ['--version'], { cwd: '/' });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toMatch(versionLine);
  });

  test('is found on the PATH', async () => {
    const env = machineEnvironment();
    const PATH = `${join(prefix, 'bin')}:${env['PATH'] ?? ''}`;
    const { stdout } = await run('/bin/sh', ['-c', 'omnictl --version'], { cwd: '/', env: { ...env, PATH } });
    expect(stdout).toMatch(versionLine);
  });

  test('brings the one Node that fits, the native modules, and no tools of ours', async () => {
    const modules = (await readdir(join(installed, 'node_modules'))).filter((name) => !name.startsWith('.'));
    const expected = ['@koromix', 'better-sqlite3', 'koffi', 'node-addon-api', `node-linux-${process.arch}`];
    expect(modules.toSorted()).toEqual(expected);
  });

  test('starts omnictl from what V8 compiled of it at the build', async () => {
    const node = join(installed, `node_modules/node-linux-${process.arch}/bin/node`);
    const program = `
      process.argv = [process.execPath, 'omnictl', '--version'];
      const loaded = require('./dist/omnictl.cjs');
      process.on('exit', () => console.log([...loaded.values()].every(({ script }) => script.cachedDataRejected === false)));`;
    expect(await runOk(node, ['--eval', program], { cwd: installed })).toBe(`${manifest.version}\ntrue\n`);
  });

  test('loads its native modules in that Node', async () => {
    const node = join(installed, `node_modules/node-linux-${process.arch}/bin/node`);
    const program = `
      const Database = require('better-sqlite3');
      const pid = require('koffi').load('libc.so.6').func('int getpid()')();
      console.log(process.version.split('.')[0], new Database(':memory:').prepare('select 7').pluck().get(), pid === process.pid);`;
    expect(await runOk(node, ['--eval', program], { cwd: installed })).toBe('v24 7 true\n');
  });
});

describe('in the checkout', () => {
  test.for(['omnictl', 'omnid'])('node_modules/.bin/%s works from any folder', async (command) => {
    const outcome = await run(join(root, 'node_modules/.bin', command), ['--version'], { cwd: '/' });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toMatch(versionLine);
  });
});

describe('the SDK, in a project that has this package alone', () => {
  let project: string;

  beforeAll(async () => {
    project = join(folder, 'consumer');
    await mkdir(join(project, 'node_modules/@types'), { recursive: true });
    await symlink(installed, join(project, 'node_modules', manifest.name));
    // What every TypeScript project on Node has: Node's own types.
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
    }
    await writeFile(join(project, 'package.json'), '{"type": "module"}');
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'nodenext',
          target: 'es2024',
          lib: ['es2024', 'esnext.disposable'],
          types: ['node'],
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          preserveSymlinks: true,
        },
      }),
    );
  });

  test('type-checks, and is not any', { timeout: 180_000 }, async () => {
    await writeFile(
      join(project, 'good.ts'),
      `import { connect, type Lease } from 'omnimind-protector';
       type IsAny<T> = 0 extends 1 & T ? true : false;
       export const connectIsTyped: IsAny<Awaited<ReturnType<typeof connect>>> = false;
       export const leaseIsTyped: IsAny<Lease> = false;
       export const leaseIdIsTyped: string extends Lease['id'] ? true : false = true;
       export async function main(): Promise<void> {
         await using client = await connect({ socket: '/nowhere' });
         void client;
       }\n`,
    );
    await writeFile(join(project, 'bad.ts'), `import { connect } from 'omnimind-protector';\nawait connect({ socket: 7 });\n`);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '--pretty', 'false'], { cwd: project });
    // One error, in the one line that is wrong: the declarations themselves are checked too.
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^bad\.ts\(2,17\): error TS2322/)]);
  });

  test('runs', async () => {
    await writeFile(
      join(project, 'run.js'),
      `import { connect } from 'omnimind-protector';
       import openrpc from 'omnimind-protector/openrpc.json' with { type: 'json' };
       console.log(typeof connect, openrpc.openrpc.split('.')[0]);\n`,
    );
    expect(await runOk(process.execPath, ['run.js'], { cwd: project })).toBe('function 1\n');
  });

  test('declares nothing that has to be installed besides', async () => {
    await expect(access(join(installed, 'node_modules/typebox'))).rejects.toThrow('ENOENT');
  });
});
