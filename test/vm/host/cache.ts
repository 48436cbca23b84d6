import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from './checkout.ts';

/**
 * Where kernels and file systems are kept between runs: not in node_modules, which `npm ci` empties. A CI, whose every run
 * has a new checkout, names a folder that stays.
 */
const named = process.env['OMNIMIND_TEST_VM_CACHE'] ?? '';
export const cacheFolder: string = named === '' ? join(checkout, '.cache/vm') : named;

/** What is not of use for this many days is removed when something new is made. */
const KEPT_DAYS = 30;

/**
 * The cached file or folder of this name; made where it is not there. Whoever comes second uses what the first made,
 * and half of something is never seen: it is made under another name first.
 *
 * @param name holds the hash or version of all that went in
 */
export async function cached(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const path = join(cacheFolder, name);
  if (await exists(path)) {
    const now = new Date();
    await utimes(path, now, now);
    return path;
  }
  await mkdir(cacheFolder, { recursive: true });
  await removeOld();
  const work = await mkdtemp(join(cacheFolder, '.making-'));
  try {
    const made = join(work, 'made');
    await make(made);
    await rename(made, path).catch(async (error: unknown) => {
      if (!(await exists(path))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
}

async function removeOld(): Promise<void> {
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const name of await readdir(cacheFolder)) {
    const path = join(cacheFolder, name);
    // Another run may have finished what it was making.
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldest) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
