import { ioctl } from './ffi.ts';
import { isPid, type Pidfd } from './pidfd.ts';
import { procBytes, readProcOnce } from './proc-file.ts';
import { readCredentials } from './proc-status.ts';
import { readStat } from './proc-stat.ts';

// include/uapi/linux/pidfd.h: PIDFD_GET_INFO is _IOWR(0xFF, 11, struct pidfd_info), here its first 64 bytes.
const INFO_BYTES = 64;
const PIDFD_GET_INFO = 0xc000_ff0b + INFO_BYTES * 2 ** 16;
const PIDFD_INFO_EXIT = 8n;
const EXIT_CODE_AT = 60;
const littleEndian = true;

/**
 * How a held process that has ended did so, without being its parent: as wait(2) tells it (the code << 8, or the signal, with
 * 0x80 for a core dump). From /proc while nobody has waited for it, and from the pidfd afterwards (Linux 6.15).
 *
 * @returns undefined where that cannot be known: it runs still, it is another user's, or the kernel is older
 * @throws SystemCallError where /proc cannot be read for want of descriptors or memory
 */
export function readExitStatus(pid: number, startTicks: string, pidfd: Pidfd): number | undefined {
  if (pidfd.closed || pidfd.alive()) return undefined;
  return statusOfReaped(pidfd) ?? readZombieStatus(pid, startTicks) ?? statusOfReaped(pidfd);
}

function statusOfReaped(pidfd: Pidfd): number | undefined {
  const bytes = new Uint8Array(INFO_BYTES);
  const info = new DataView(bytes.buffer);
  info.setBigUint64(0, PIDFD_INFO_EXIT, littleEndian);
  if (ioctl(pidfd.fd, PIDFD_GET_INFO, bytes) < 0) return undefined;
  if ((info.getBigUint64(0, littleEndian) & PIDFD_INFO_EXIT) === 0n) return undefined;
  return info.getInt32(EXIT_CODE_AT, littleEndian);
}

/**
 * The exit status of a process that nobody has waited for: the last field of /proc/PID/stat (proc_pid_stat(5)).
 *
 * @returns undefined where it is no zombie, or its status is not ours to see
 * @throws SystemCallError where /proc cannot be read for want of descriptors or memory
 */
export function readZombieStatus(pid: number, startTicks: string): number | undefined {
  if (!isPid(pid)) return undefined;
  const mayRead = isOurs(pid);
  const size = readProcOnce(`/proc/${pid}/stat`);
  if (size < 0) return undefined;
  const status = Number(procBytes.toString('latin1', 0, size).trimEnd().split(' ').at(-1));
  const stat = readStat(pid);
  if (stat?.state !== 'Z' || stat.startTicks !== startTicks || !Number.isInteger(status)) return undefined;
  // To whom it is not shown it is 0.
  return status !== 0 || mayRead ? status : undefined;
}

/** PTRACE_MODE_READ, without what capabilities add to it. */
function isOurs(pid: number): boolean {
  const credentials = readCredentials(pid);
  const own = process.geteuid?.();
  if (credentials === undefined) return false;
  const { real, effective, saved } = credentials.uids;
  return real === own && effective === own && saved === own;
}
