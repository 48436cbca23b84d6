import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { cached } from './cache.ts';
import { cpio, type CpioEntry } from './cpio.ts';
import { runtime } from './project.ts';
import { userland } from './userland.ts';

/** Grows when the same inputs are packed in another way. */
const FORMAT = 1;

/** The archive of what seldom changes: commands, libraries, node. */
export async function baseArchive(): Promise<string> {
  const entries = [...(await userland()), ...(await runtime())];
  const hash = await hashOf(entries);
  return await cached(`base-${hash}.cpio`, async (path) => {
    await pack(path, entries);
  });
}

/** Writes an archive. */
export async function pack(path: string, entries: readonly CpioEntry[]): Promise<void> {
  await pipeline(cpio(entries), createWriteStream(path));
}

/** By what is in the files: their dates are those of an installation. */
async function hashOf(entries: readonly CpioEntry[]): Promise<string> {
  const hash = createHash('sha256').update(`format ${String(FORMAT)}\n`);
  for (const entry of entries) {
    const { from = '', ...rest } = { from: undefined, ...entry };
    hash.update(`${JSON.stringify(rest)}\n`);
    if (entry.kind === 'file') hash.update(await readFile(from));
    if (entry.kind === 'linkOf') hash.update(await readlink(from));
  }
  return hash.digest('hex').slice(0, 16);
}
