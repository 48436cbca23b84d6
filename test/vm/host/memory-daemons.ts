import { basename, join } from 'node:path';
import { unpackedPackage } from './apt.ts';
import { guestCheckout } from './checkout.ts';
import type { CpioEntry } from './cpio.ts';

/** Where they lie in the guest. */
const peers = `${guestCheckout}/peers`;

/** What is needed of each package: earlyoom is a program for the C library alone, nohang one for the image's Python. */
const files = {
  earlyoom: ['usr/bin/earlyoom'],
  nohang: ['usr/sbin/nohang', 'etc/nohang/nohang.conf'],
} as const;

export interface MemoryDaemons {
  readonly entries: readonly CpioEntry[];
  /** Packages with their versions. */
  readonly versions: readonly string[];
}

/**
 * Debian's earlyoom and nohang, to stand beside the resource protector on the machine with a disk.
 *
 * @throws Unavailable where they can neither be found nor downloaded
 */
export async function memoryDaemons(): Promise<MemoryDaemons> {
  const packages = await Promise.all(
    Object.entries(files).map(async ([name, paths]) => ({ folder: await unpackedPackage(name), paths })),
  );
  const entries = packages.flatMap(({ folder, paths }) =>
    paths.map((path): CpioEntry => ({ kind: 'file', path: `${peers}/${path}`, from: join(folder, path), mode: 0o755 })),
  );
  return { entries, versions: packages.map(({ folder }) => basename(folder).replace('_', ' ')) };
}
