import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dependencies, unpackedPackage } from './apt.ts';
import { Unavailable } from './unavailable.ts';

/** Debian's name of a package that always leads to the newest kernel for virtual machines. */
const KERNEL_METAPACKAGE = 'linux-image-cloud-amd64';

/** Debian's stock kernel, unpacked. */
export interface Kernel {
  readonly image: string;
  /** The folder with its modules (`kernel/drivers/…`). */
  readonly modules: string;
}

/**
 * The kernel that this machine's own Debian boots in the cloud.
 *
 * @throws Unavailable where it cannot be had
 */
export async function stockKernel(): Promise<Kernel> {
  const [name] = await dependencies(KERNEL_METAPACKAGE);
  if (name === undefined) throw new Unavailable(`apt knows no ${KERNEL_METAPACKAGE}: a kernel package of Debian's is needed`);
  const folder = await unpackedPackage(name);
  const [release = ''] = await readdir(join(folder, 'lib/modules'));
  return { image: join(folder, `boot/vmlinuz-${release}`), modules: join(folder, 'lib/modules', release) };
}
