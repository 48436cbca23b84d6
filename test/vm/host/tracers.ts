import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackedPackage } from './apt.ts';
import { cached } from './cache.ts';
import type { CpioEntry } from './cpio.ts';
import { pack } from './initramfs.ts';
import { packageLibraries } from './userland.ts';

/** What others watch kills with, by Debian package. */
const programs = {
  bpftrace: ['usr/bin/bpftrace', 'usr/sbin/killsnoop.bt'],
  'libbpf-tools': ['usr/sbin/killsnoop'],
} as const;

/**
 * The archive of bpftrace and libbpf-tools' killsnoop with their libraries, to stand beside the sentinel.
 *
 * @throws Unavailable where they can neither be found nor downloaded
 */
export async function tracersArchive(): Promise<string> {
  const folders = await Promise.all(Object.keys(programs).map((name) => unpackedPackage(name)));
  // The folders are named by their packages' versions.
  return await cached(`tracers-${folders.map((folder) => basename(folder)).join('-')}.cpio`, async (path) => {
    const entries: CpioEntry[] = [];
    for (const [index, files] of Object.values(programs).entries()) {
      for (const file of files) {
        const from = await realpath(join(folders[index] ?? '', file));
        entries.push({ kind: 'file', path: file, from, mode: 0o755 });
      }
    }
    for (const name of Object.keys(programs)) entries.push(...(await packageLibraries(name)));
    await pack(path, [...new Map(entries.map((entry) => [entry.path, entry])).values()]);
  });
}
