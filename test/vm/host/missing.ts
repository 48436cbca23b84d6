import { findCommand } from './command.ts';

/** What a machine is made with, and the Debian package of each. */
const commands: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  dpkg: 'dpkg',
  ldd: 'libc-bin',
};

/** Why no virtual machine can be had here, as far as that can be told beforehand; undefined where it can. */
export async function missing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the guest is x86_64 Linux with this machine's programs, which are ${process.platform} ${process.arch}`;
  }
  for (const [command, name] of Object.entries(commands)) {
    if ((await findCommand(command)) === undefined) return `${command} is not installed (Debian package ${name})`;
  }
  return undefined;
}
