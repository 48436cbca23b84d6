import { constants } from 'node:fs';
import { EACCES, ENOENT, EPERM, ESRCH, SystemCallError } from './errno.ts';
import { closeFile, openFile, readFile } from './ffi.ts';

const flags = constants.O_RDONLY | 0o2000000; // O_CLOEXEC, which node:fs adds by itself and has no name for.

/**
 * The one buffer that /proc is read into: the next read overwrites it, so whoever wants to keep a part makes a string
 * of it. Its pages are touched only as far as the longest file that was read.
 */
export const procBytes: Buffer = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * Reads a file of /proc that the kernel makes in one piece (single_open: stat, status, cgroup, meminfo, …; and cmdline, of
 * which one read gives all that it is asked for) into `procBytes`, by one read: what that gives is all there is.
 * @param limitBytes at most the buffer's length
 * @returns bytes read, or -1 where the process is gone or must not be seen
 * @throws SystemCallError on anything else (EMFILE, ENOMEM, EOPNOTSUPP)
 */
export function readProcOnce(path: string, limitBytes: number = procBytes.length): number {
  const fd = openFile(path, flags);
  if (fd < 0) return missing('open', fd, path);
  const size = readFile(fd, procBytes, limitBytes);
  closeFile(fd);
  return size < 0 ? missing('read', size, path) : size;
}

/**
 * Reads a file of /proc up to its end, or up to the limit, into `procBytes`.
 * @param limitBytes at most the buffer's length
 * @returns bytes read, or -1 where the process is gone or must not be seen
 * @throws SystemCallError on anything else
 */
export function readProcWhole(path: string, limitBytes: number): number {
  const fd = openFile(path, flags);
  if (fd < 0) return missing('open', fd, path);
  let size = 0;
  let got = 0;
  do {
    got = readFile(fd, size === 0 ? procBytes : procBytes.subarray(size), limitBytes - size);
    if (got > 0) size += got;
  } while (got > 0 && size < limitBytes);
  closeFile(fd);
  return got < 0 ? missing('read', got, path) : size;
}

/** EACCES and EPERM: /proc mounted with hidepid, or another's process. To us it is not there. */
function missing(call: string, result: number, path: string): -1 {
  if (result === -ENOENT || result === -ESRCH || result === -EACCES || result === -EPERM) return -1;
  throw new SystemCallError(call, -result, path);
}
