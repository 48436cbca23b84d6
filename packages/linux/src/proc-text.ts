import { readlinkSync } from 'node:fs';
import { hasCode } from './errno.ts';
import { isPid } from './pidfd.ts';
import { procBytes, readProcOnce, readProcWhole } from './proc-file.ts';

const COMMAND_LINE_BYTES_MAX = 4096;
const ENVIRONMENT_BYTES_MAX = 256 * 1024;
const SPACE = 0x20;
const NUL = 0;

/**
 * The arguments of a process, joined by spaces (proc_pid_cmdline(5)); at most 4096 bytes of them. A program may have
 * written anything there, terminal escapes too: escape when printing.
 * @returns undefined where it is gone or has none (kernel thread, zombie)
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readCommandLine(pid: number): string | undefined {
  const size = isPid(pid) ? readProcOnce(`/proc/${pid}/cmdline`, COMMAND_LINE_BYTES_MAX) : -1;
  let end = size;
  while (end > 0 && procBytes[end - 1] === NUL) end -= 1;
  if (end <= 0) return undefined;
  for (let at = procBytes.indexOf(NUL); at >= 0 && at < end; at = procBytes.indexOf(NUL, at)) procBytes[at] = SPACE;
  return procBytes.toString('utf8', 0, end);
}

/**
 * The arguments of a process, each by itself; of the first 4096 bytes of them.
 * @returns undefined where it is gone or has none (kernel thread, zombie)
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readArguments(pid: number): string[] | undefined {
  const size = isPid(pid) ? readProcWhole(`/proc/${pid}/cmdline`, COMMAND_LINE_BYTES_MAX) : -1;
  if (size <= 0) return undefined;
  // Each ends with a NUL, but for one that was cut off and one that a program wrote over them.
  const end = procBytes[size - 1] === NUL ? size - 1 : size;
  return procBytes.toString('utf8', 0, end).split('\0');
}

/**
 * The path of the program that a process runs (proc_pid_exe(5)), as the kernel says it: with ` (deleted)` behind it
 * where the file is gone.
 * @returns undefined where it is gone, has none (kernel thread, zombie) or must not be seen (another user's)
 */
export function readExecutable(pid: number): string | undefined {
  return isPid(pid) ? readProcLink(`/proc/${pid}/exe`) : undefined;
}

/**
 * Where a link of /proc leads.
 * @returns undefined where the process is gone or must not be seen
 * @throws the error of readlink(2) on anything else
 */
export function readProcLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

/**
 * The path of a process in the cgroup v2 tree (cgroups(7)): the line `0::/path`.
 * @returns undefined where it is gone, or in no such tree
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readCgroup(pid: number): string | undefined {
  const size = isPid(pid) ? readProcOnce(`/proc/${pid}/cgroup`) : -1;
  const start = size < 0 ? -1 : lineStart(procBytes.subarray(0, size), '0::');
  return start < 0 ? undefined : procBytes.toString('utf8', start, procBytes.indexOf('\n', start));
}

/**
 * A variable of the environment that a process was started with (proc_pid_environ(5)): what it changed since does not
 * show. The first 256 KiB are searched.
 * @param name without `=`
 * @returns undefined where it has none, is gone, or must not be read (another user's)
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readEnvironmentVariable(pid: number, name: string): string | undefined {
  if (!isPid(pid) || name === '' || name.includes('=')) return undefined;
  const size = readProcWhole(`/proc/${pid}/environ`, ENVIRONMENT_BYTES_MAX);
  if (size <= 0) return undefined;
  const entries = procBytes.subarray(0, size);
  const start = entryStart(entries, `${name}=`);
  // Without its end, it goes on beyond what was read.
  const end = start < 0 ? -1 : entries.indexOf(NUL, start);
  return end < 0 ? undefined : entries.toString('utf8', start, end);
}

/** @returns where the value of the entry starts that begins with `prefix`, or -1 */
function entryStart(entries: Buffer, prefix: string): number {
  return startAfter(entries, prefix, NUL);
}

/** @returns where the rest of the line starts that begins with `prefix`, or -1 */
function lineStart(lines: Buffer, prefix: string): number {
  return startAfter(lines, prefix, 0x0a);
}

function startAfter(bytes: Buffer, prefix: string, separator: number): number {
  let at = bytes.indexOf(prefix);
  while (at > 0 && bytes[at - 1] !== separator) at = bytes.indexOf(prefix, at + 1);
  return at < 0 ? -1 : at + Buffer.byteLength(prefix);
}
