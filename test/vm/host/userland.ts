import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dependencies, unpackedPackage } from './apt.ts';
import { output } from './command.ts';
import type { CpioEntry } from './cpio.ts';
import { program } from './programs.ts';

/** What scenarios and the product use beside what busybox has. `dash` is Debian's /bin/sh, `kill` is procps'. */
const programs = ['dash', 'perl', 'setpriv', 'unshare', 'kill', 'pkill', 'pgrep', 'ps', 'prlimit', 'setsid'] as const;

/** Loaded when the product runs, so that no program names it. */
const bpfPackage = 'libbpf1';

/** Debian's folder of libraries, in /lib or /usr/lib, which are one. */
const libraryFolder = 'x86_64-linux-gnu';

const users = ['root:x:0:0:root:/root:/bin/sh', 'alice:x:1000:1000::/tmp:/bin/sh', 'bob:x:1001:1001::/tmp:/bin/sh'];
const groups = ['root:x:0:', 'alice:x:1000:', 'bob:x:1001:', 'nogroup:x:65534:'];

/**
 * The part of the guest's file system that is no one's work here: commands and libraries of this distribution.
 *
 * @throws Unavailable where something of it can neither be found nor downloaded
 */
export async function userland(): Promise<CpioEntry[]> {
  const found = await Promise.all(programs.map((name) => program(name)));
  const entries: CpioEntry[] = [
    ...['bin', 'sbin', 'lib', 'lib64'].map((name): CpioEntry => ({ kind: 'link', path: name, target: `usr/${name}` })),
    ...['dev', 'proc', 'sys', 'run', 'root'].map((path): CpioEntry => ({ kind: 'folder', path })),
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
    { kind: 'text', path: 'etc/passwd', text: `${users.join('\n')}\n` },
    { kind: 'text', path: 'etc/group', text: `${groups.join('\n')}\n` },
    { kind: 'text', path: 'etc/machine-id', text: `${'0123456789abcdef'.repeat(2)}\n` },
    ...(await busybox()),
    ...found.flat(),
    { kind: 'link', path: 'usr/bin/sh', target: 'dash' },
    ...(await packageLibraries(bpfPackage)),
  ];
  // What two programs are both linked with; the last of a path counts, so that a real command replaces busybox's.
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()];
}

/** The commands that the guest's own scripts use, in one program without libraries. */
export async function busybox(): Promise<CpioEntry[]> {
  const binary = join(await unpackedPackage('busybox-static'), 'bin/busybox');
  const applets = (await output(binary, ['--list'])).trim().split('\n');
  return [
    { kind: 'file', path: 'usr/bin/busybox', from: binary, mode: 0o755 },
    ...applets
      .filter((name) => name !== 'busybox')
      .map((name): CpioEntry => ({ kind: 'link', path: `usr/bin/${name}`, target: 'busybox' })),
  ];
}

/** The libraries of a package and of all that it needs, from the packages: they need not be installed here. */
export async function packageLibraries(name: string): Promise<CpioEntry[]> {
  const folders = await Promise.all((await closure(name)).map((each) => unpackedPackage(each)));
  const found = await Promise.all(
    folders.map(async (folder) => {
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      return files.filter((file) => /\.so(\.|$)/.test(file.name) && file.parentPath.endsWith(libraryFolder));
    }),
  );
  return found.flat().map((file): CpioEntry => {
    const from = join(file.parentPath, file.name);
    const path = `usr/lib/${libraryFolder}/${file.name}`;
    return file.isSymbolicLink() ? { kind: 'linkOf', path, from } : { kind: 'file', path, from, mode: 0o755 };
  });
}

/** The package and all that it needs, but for the C library, which is in the guest already. */
async function closure(name: string, seen = new Set<string>(['libc6'])): Promise<string[]> {
  if (seen.has(name)) return [];
  seen.add(name);
  const names = [name];
  for (const needed of await dependencies(name)) names.push(...(await closure(needed, seen)));
  return names;
}
