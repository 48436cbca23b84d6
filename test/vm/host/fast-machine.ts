import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guestFolder } from './checkout.ts';
import type { CpioEntry } from './cpio.ts';
import { stockKernel } from './debian.ts';
import { baseArchive, pack } from './initramfs.ts';
import { project } from './project.ts';
import type { QemuOptions } from './qemu.ts';

export interface MachineOptions {
  /** Archives of what else is to be in it. */
  readonly more?: readonly string[];
  readonly memoryMiB?: number;
}

/**
 * The machine that is up in seconds: all of it is an initramfs, and its init starts nothing but the agent. An initramfs
 * cannot be evicted and its fsync is free, so that nothing about disks or stalls can be said of it.
 *
 * @param folder where its archive is put together
 */
export async function fastMachine(folder: string, { more = [], memoryMiB = 2048 }: MachineOptions = {}): Promise<QemuOptions> {
  const [kernel, base] = await Promise.all([stockKernel(), baseArchive()]);
  const initrd = join(folder, 'initrd');
  const own = join(folder, 'project.cpio');
  const init: CpioEntry = { kind: 'file', path: 'init', from: join(guestFolder, 'init.sh'), mode: 0o755 };
  await pack(own, [init, ...(await project())]);
  await copyFile(base, initrd);
  for (const archive of [...more, own]) await appendFile(initrd, await readFile(archive));
  return {
    kernel: kernel.image,
    initrd,
    memoryMiB,
    // The list that Debian's kernel is built with, without those that restrict processes: nothing here loads policies.
    commandLine: ['console=ttyS0', 'quiet', 'panic=-1', 'lsm=landlock,lockdown,yama,bpf'],
  };
}
