import { realpath } from 'node:fs/promises';
import type { CpioEntry } from './cpio.ts';
import { findCommand, output } from './command.ts';
import { Unavailable } from './unavailable.ts';

/**
 * A program of this machine and every library that it is linked with, under the paths that they have here: the guest's
 * user space is the same distribution's.
 *
 * @throws Unavailable where this machine does not have it
 */
export async function program(name: string): Promise<CpioEntry[]> {
  const path = await findCommand(name);
  if (path === undefined) throw new Unavailable(`${name} is not on this machine`);
  return [{ kind: 'file', path: `usr/bin/${name}`, from: await realpath(path), mode: 0o755 }, ...(await libraries(path))];
}

/** What the dynamic linker would load for a file, and the linker itself; `where` is searched first. */
export async function libraries(path: string, where = ''): Promise<CpioEntry[]> {
  const text = await output('ldd', [path], { env: { LD_LIBRARY_PATH: where } });
  const paths = [...text.matchAll(/^\t(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/gm)].map(([, found = '']) => found);
  return await Promise.all(
    paths.map(async (found): Promise<CpioEntry> => {
      // An unpacked package has a folder of its own, which the guest has not.
      const path = where !== '' && found.startsWith(where) ? found.slice(found.lastIndexOf('/lib/')) : found;
      return { kind: 'file', path: merged(path), from: await realpath(found), mode: 0o755 };
    }),
  );
}

/** In the guest, as in every Debian, /lib and /lib64 are links into /usr. */
function merged(path: string): string {
  return path.startsWith('/usr/') ? path.slice(1) : `usr${path}`;
}
