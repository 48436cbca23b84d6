import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder: the nearest one above that has a package.json, unbuilt and bundled alike. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('omnid was moved out of its package: package.json is missing');
    folder = parent;
  }
  return folder;
}

/** The version that package.json states. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** Where the protocol's document is. */
export function openRpcFile(): string {
  return join(packageFolder(), 'protocol', 'openrpc.json');
}
