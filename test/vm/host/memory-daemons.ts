import { basename, join } from 'node:path';
import { unpackedPackage } from './apt.ts';
import { cached } from './cache.ts';
import { pack } from './initramfs.ts';

/**
 * The archive of Debian's earlyoom, to stand beside the resource protector. It needs nothing but the C library.
 *
 * @throws Unavailable where it can neither be found nor downloaded
 */
export async function memoryDaemonsArchive(): Promise<string> {
  const folder = await unpackedPackage('earlyoom');
  return await cached(`memory-daemons-${basename(folder)}.cpio`, async (path) => {
    await pack(path, [{ kind: 'file', path: 'usr/bin/earlyoom', from: join(folder, 'usr/bin/earlyoom'), mode: 0o755 }]);
  });
}
