// Bundles what is published: dist/omnictl.cjs, dist/omnid.cjs (with its worker) and dist/client.js with its types.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { rolldown, type OutputAsset, type OutputChunk } from 'rolldown';
import { clientTypes } from './build/client-types.ts';
import { codeCache } from './build/code-cache.ts';
import { fileUrls } from './build/file-urls.ts';
import { latinSource } from './build/latin-source.ts';
import { lazyBuiltins } from './build/lazy-builtins.ts';
import { licensesOf } from './build/licenses.ts';
import { oneStartingChunk } from './build/one-chunk.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

type Files = ReadonlyMap<string, string | Uint8Array>;

/** Installed beside the bundle, not in it: they hold native code. */
const external = ['better-sqlite3', 'koffi'];

interface Program {
  readonly input: string;
  /**
   * CommonJS starts some 2 ms sooner: a tenth of what a short command may cost; and loads of Node's own modules what is used,
   * which is memory. The SDK is imported, as ESM.
   */
  readonly format: 'cjs' | 'esm';
  readonly entry: string;
}

const programs: Readonly<Record<string, Program>> = {
  omnictl: { input: 'packages/cli/src/main.ts', format: 'cjs', entry: 'omnictl-main-[hash].cjs' },
  omnid: { input: 'packages/server/src/main.ts', format: 'cjs', entry: 'omnid.cjs' },
  client: { input: 'packages/client/src/index.ts', format: 'esm', entry: 'client.js' },
};

/** The files that are started or imported by their name; all others are found through them. */
const entries: ReadonlySet<string> = new Set(['omnictl.cjs', 'omnid.cjs', 'client.js', 'client.d.ts']);

interface Bundle {
  readonly files: Files;
  readonly moduleIds: readonly string[];
  readonly entry: string;
}

/** Each program is bundled by itself, so that none waits for a file that is cut to fit another. */
async function bundle(name: string, { input, format, entry }: Program): Promise<Bundle> {
  const { plugin, codeSplitting } = oneStartingChunk();
  const build = await rolldown({
    cwd: root,
    input: { [name]: input },
    platform: 'node',
    external,
    plugins: [fileUrls(root, name, extname(entry)), format === 'cjs' && [plugin, lazyBuiltins()]],
    onLog(level, log, handle) {
      // An import that was not found would fail when the program runs.
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message);
      handle(level, log);
    },
  });
  try {
    const { output } = await build.generate({
      format,
      entryFileNames: entry,
      chunkFileNames: `${name}-[name]-[hash]${extname(entry)}`,
      comments: { legal: false },
      ...(format === 'cjs' && { codeSplitting }),
    });
    return {
      files: new Map(output.map((file) => [file.fileName, contentOf(file)])),
      moduleIds: output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])),
      entry: output[0].fileName,
    };
  } finally {
    await build.close();
  }
}

/** Assets may be anything: the BPF object is one. */
function contentOf(file: OutputChunk | OutputAsset): string | Uint8Array {
  return file.type === 'chunk' ? latinSource(file.code) : file.source;
}

/** omnictl's files, with the loader before them and with what V8 compiled of them. */
async function omnictl({ files, entry }: Bundle): Promise<Files> {
  const loader = await readFile(join(root, 'scripts/build/omnictl-loader.cjs'), 'utf8');
  const all = new Map(files).set('omnictl.cjs', loader.replace("'MAIN'", `'${entry}'`));
  return new Map<string, string | Uint8Array>([...all, ...(await codeCache(root, all))]);
}

/** A program that runs during a build never meets half a file: new files first, each by a rename; old ones last. */
async function replaceDist(files: Files): Promise<void> {
  const inOrder = [...files].toSorted(([a], [b]) => Number(entries.has(a)) - Number(entries.has(b)));
  for (const [file, content] of inOrder) {
    const path = join(dist, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  }
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !files.has(relative(dist, path))) await rm(path);
  }
}

/** What is published says nothing of the machine that built it. */
function assertNoMachinePaths(files: Files): void {
  for (const [file, content] of files) {
    if (Buffer.from(content).includes(root)) throw new Error(`dist/${file} would hold the path of this checkout`);
  }
}

async function main(): Promise<void> {
  const bundles = Promise.all(Object.entries(programs).map(([name, program]) => bundle(name, program)));
  const [types, [ctl, ...others]] = await Promise.all([clientTypes(root), bundles]);
  if (ctl === undefined) throw new Error('nothing was built');
  const files = new Map([...types, ...(await omnictl(ctl)), ...others.flatMap((other) => [...other.files])]);
  files.set('THIRD-PARTY-LICENSES.txt', await licensesOf([ctl, ...others].flatMap(({ moduleIds }) => moduleIds)));
  assertNoMachinePaths(files);
  await replaceDist(files);
}

await main();
