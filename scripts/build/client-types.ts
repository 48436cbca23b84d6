import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

const specifier = /(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|\bdeclare module\s+)(['"])([^'"\n]+)\2/g;

/** The layout of the declarations in the package; `typebox` is copied there, so that nobody has to install it for its types. */
const typesFolder = 'types';
const typeboxFolder = `${typesFolder}/typebox`;

/** `packages/protocol/src/lease.d.ts` -> `types/protocol/lease.d.ts` */
function publishedPath(emitted: string): string {
  const [, name, ...rest] = /^packages\/(\w+)\/src\/(.*)$/.exec(emitted) ?? [];
  if (name === undefined) throw new Error(`the SDK's types reach out of the packages: ${emitted}`);
  return posix.join(typesFolder, name, ...rest);
}

function relativeSpecifier(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** What a consumer's compiler can resolve: relative paths with `.js`, Node's own modules, and the copy of typebox. */
function publishedSpecifier(text: string, file: string): string {
  if (text.startsWith('node:')) return text;
  if (text.startsWith('.')) return text.replace(/\.ts$/, '.js');
  const [, name, path] = /^#(protocol|client)\/(.*)\.ts$/.exec(text) ?? [];
  if (name !== undefined && path !== undefined) return relativeSpecifier(file, posix.join(typesFolder, name, `${path}.js`));
  if (text === 'typebox') return relativeSpecifier(file, `${typeboxFolder}/index.mjs`);
  throw new Error(`${file}: the SDK's types refer to '${text}', which those who install the package do not have`);
}

async function emitDeclarations(root: string, outDir: string): Promise<void> {
  const project = join(outDir, 'tsconfig.json');
  await writeFile(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        noCheck: true,
        incremental: false,
        rootDir: root,
        outDir,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      files: [join(root, 'packages/client/src/index.ts')],
      include: [],
    }),
  );
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, stdout, error } = spawnSync(tsc, ['--project', project, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the SDK's types:\n${stdout}`);
}

async function declarationsIn(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true })) {
    if (entry.endsWith('.d.ts')) files.set(entry, await readFile(join(folder, entry), 'utf8'));
  }
  return files;
}

/** A declaration file and all that it imports, by their path in the folder. */
async function reachableFrom(folder: string, entry: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    const text = await readFile(join(folder, path), 'utf8');
    files.set(path, text);
    for (const [, , , name = ''] of text.matchAll(specifier)) {
      if (name.startsWith('.')) waiting.push(posix.join(posix.dirname(path), name.replace(/\.mjs$/, '.d.mts')));
    }
  }
  return files;
}

/**
 * The SDK's declarations, by their path in dist/. `tsc` writes them; what is left to do is to make their imports true
 * for a project that has nothing but this package.
 */
export async function clientTypes(root: string): Promise<Map<string, string>> {
  const outDir = await mkdtemp(join(root, '.cache', 'types-'));
  try {
    await emitDeclarations(root, outDir);
    const published = new Map([['client.d.ts', `export * from './${typesFolder}/client/index.js';\n`]]);
    let needsTypebox = false;
    for (const [emitted, text] of await declarationsIn(outDir)) {
      const file = publishedPath(emitted);
      needsTypebox ||= /['"]typebox['"]/.test(text);
      published.set(
        file,
        text.replaceAll(specifier, (_all, before: string, quote: string, name: string) => {
          return before + quote + publishedSpecifier(name, file) + quote;
        }),
      );
    }
    if (needsTypebox) {
      const build = join(root, 'node_modules/typebox/build');
      for (const [path, text] of await reachableFrom(build, 'index.d.mts')) published.set(`${typeboxFolder}/${path}`, text);
    }
    return published;
  } finally {
    await rm(outDir, { recursive: true });
  }
}
