import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasCode } from './errno.ts';

const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * The id of this machine (machine-id(5)): 32 lower-case hexadecimal digits.
 *
 * Warning: a machine without one (some containers) gets a digest of its host name instead. Two such machines of one
 * name that share a home would then share a state folder, where the lock of the first shuts the other out.
 * @param files where to look, in order
 */
export function machineId(files: readonly string[] = MACHINE_ID_FILES): string {
  for (const file of files) {
    const id = readId(file);
    if (id !== undefined) return id;
  }
  return createHash('sha256').update(`omnimind:${hostname()}`).digest('hex').slice(0, 32);
}

/** @returns undefined for a file that is not there, empty, or `uninitialized` (an image before its first boot) */
function readId(file: string): string | undefined {
  try {
    return /^[0-9a-f]{32}$/.exec(readFileSync(file, 'latin1').trim().toLowerCase())?.[0];
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
