// npm run bench -- [--only TEXT] [--json FILE]
// Takes the figures whose name holds TEXT, and prints them beside their targets. A missed target is no failure.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { notRun, type BenchContext, type FigureModule, type Row } from './support/figure.ts';
import { table } from './support/table.ts';
import { figureNames, type FigureName } from './targets.ts';

const root = join(import.meta.dirname, '../..');

async function loadModules(): Promise<FigureModule[]> {
  const folder = join(import.meta.dirname, 'figures');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts')).toSorted();
  return await Promise.all(files.map(async (file) => (await import(join(folder, file))) as FigureModule));
}

/** Runs one module; what it throws becomes the reason of each figure that it did not give. */
async function runModule(module: FigureModule, wants: (figure: FigureName) => boolean): Promise<readonly Row[]> {
  const wanted = module.figures.filter(wants);
  if (wanted.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'omnimind-bench-'));
  const note = (text: string): void => {
    process.stderr.write(`bench: ${text}\n`);
  };
  const context: BenchContext = { root, node: process.execPath, folder, wants, note };
  note(wanted.join(', '));
  try {
    const rows = await module.run(context);
    const given = new Set(rows.map(({ figure }) => figure));
    return [...rows, ...wanted.filter((figure) => !given.has(figure)).map((figure) => notRun(figure, 'gave no result'))];
  } catch (error) {
    return wanted.map((figure) => notRun(figure, error instanceof Error ? error.message : String(error)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
  const wants = (figure: FigureName): boolean => figure.includes(values.only ?? '');
  const modules = await loadModules();
  const rows: Row[] = [];
  // One after the other: two at once would measure each other.
  for (const module of modules) rows.push(...(await runModule(module, wants)));
  const given = new Set(rows.map(({ figure }) => figure));
  for (const figure of figureNames) {
    if (wants(figure) && !given.has(figure)) rows.push(notRun(figure, 'no measurement is written yet'));
  }
  rows.sort((a, b) => figureNames.indexOf(a.figure) - figureNames.indexOf(b.figure));
  process.stdout.write(`${table(rows)}\n`);
  // npm starts scripts in the package's folder, and tells which one the caller was in.
  const caller = process.env['INIT_CWD'] ?? process.cwd();
  if (values.json !== undefined) await writeFile(resolve(caller, values.json), `${JSON.stringify(rows, null, 2)}\n`);
}

await main();
