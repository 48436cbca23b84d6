import { truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { guestFolder } from './checkout.ts';
import { output } from './command.ts';
import type { CpioEntry } from './cpio.ts';
import { stockKernel, type Kernel } from './debian.ts';
import { debianRoot } from './debian-root.ts';
import { pack } from './initramfs.ts';
import { nodeLink, project } from './project.ts';
import type { QemuOptions } from './qemu.ts';
import { busybox } from './userland.ts';

/** The disk's name in the machine's folder. */
export const diskFile = 'disk';

/** The kernel as it comes has the disk's driver in modules, here in the order in which they need each other. */
const modules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci',
  'drivers/block/virtio_blk',
];

/** Half of it for a model server, and something beside that for everybody else. */
const MEMORY_MIB = 1280;
const SWAP_BYTES = 256 * 2 ** 20;

/**
 * The machine that is like one: an ext4 root on a disk, swap, systemd. The disk is a copy that lives as long as the
 * folder: what was on it when the plug was pulled is there at the next boot.
 *
 * @param more what else is put on the disk, below the guest's checkout
 */
export async function diskMachine(folder: string, more: readonly CpioEntry[] = []): Promise<QemuOptions> {
  const [kernel, root] = await Promise.all([stockKernel(), debianRoot()]);
  const disk = join(folder, diskFile);
  const swap = join(folder, 'swap');
  const initrd = join(folder, 'initrd');
  await output('cp', ['--sparse=always', '--reflink=auto', root, disk]);
  await writeFile(swap, '');
  await truncate(swap, SWAP_BYTES);
  await pack(initrd, [...(await firstPrograms(kernel)), ...(await project()), nodeLink, ...more]);
  return {
    kernel: kernel.image,
    initrd,
    memoryMiB: MEMORY_MIB,
    // On a loaded host the emulated timer can be too late for the kernel's check of it at boot, which then panics.
    commandLine: 'console=ttyS0 quiet panic=-1 no_timer_check lsm=landlock,lockdown,yama,bpf systemd.show_status=0'.split(' '),
    devices: [disk, swap].flatMap((file) => ['-drive', `file=${file},format=raw,if=virtio,cache=unsafe`]),
  };
}

async function firstPrograms(kernel: Kernel): Promise<CpioEntry[]> {
  return [
    ...['dev', 'proc', 'sys', 'sysroot'].map((path): CpioEntry => ({ kind: 'folder', path })),
    { kind: 'link', path: 'bin', target: 'usr/bin' },
    ...(await busybox()),
    ...modules.map((name, place): CpioEntry => ({
      kind: 'file',
      path: `modules/${String(place)}-${basename(name)}.ko`,
      from: join(kernel.modules, 'kernel', `${name}.ko`),
    })),
    { kind: 'file', path: 'init', from: join(guestFolder, 'disk-init.sh'), mode: 0o755 },
  ];
}
