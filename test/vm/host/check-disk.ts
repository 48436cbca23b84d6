import { join } from 'node:path';
import { output } from './command.ts';
import { diskFile } from './disk-machine.ts';

/** What fsck says of the machine's disk, which it only reads. @throws Error where the file system is damaged */
export async function checkDisk(folder: string): Promise<string> {
  return await output('e2fsck', ['-n', join(folder, diskFile)], {
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
}
