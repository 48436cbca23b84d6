import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

const modules = `${sep}node_modules${sep}`;

/** The folder, below node_modules, of the package that a module is part of. */
function packageFolder(moduleId: string): string | undefined {
  const start = moduleId.lastIndexOf(modules);
  if (start === -1) return undefined;
  const [scope = '', name = ''] = moduleId.slice(start + modules.length).split(sep);
  return moduleId.slice(0, start) + modules + (scope.startsWith('@') ? `${scope}${sep}${name}` : scope);
}

async function notice(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  const text = file === undefined ? `License: ${manifest.license ?? 'not stated'}` : await readFile(join(folder, file), 'utf8');
  return `${manifest.name} ${manifest.version}\n\n${text.trim()}\n`;
}

/** The licences of the packages whose code the bundles hold; MIT asks for a copy of each. */
export async function licensesOf(moduleIds: readonly string[]): Promise<string> {
  const folders = new Set<string>();
  for (const id of moduleIds) {
    const folder = packageFolder(id);
    if (folder !== undefined) folders.add(folder);
  }
  const notices = await Promise.all([...folders].toSorted().map(notice));
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}
