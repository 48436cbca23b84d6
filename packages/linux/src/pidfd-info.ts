import { EINVAL, ENOTTY } from './errno.ts';
import { ioctl } from './ffi.ts';
import type { Pidfd } from './pidfd.ts';
import type { CredentialIds } from './proc-status.ts';

/**
 * PIDFD_GET_INFO with the first version of struct pidfd_info (include/uapi/linux/pidfd.h, Linux 6.13 and later):
 * _IOWR(0xFF, 11, 64 bytes).
 */
const PIDFD_GET_INFO = 0xc040ff0b;
const MASK = 0;
/** 64 bits: words 2 and 3. */
const CGROUPID = 2;
const PPID = 6;
const RUID = 7;
const EUID = 9;
const SUID = 11;
/** What is always answered, asked for all the same: PIDFD_INFO_PID and PIDFD_INFO_CREDS. */
const WANTED = 3;
/** PIDFD_INFO_CGROUPID: answered where it can be. */
const CGROUP = 4;

/** The structure in 32-bit words; the kernel fills it anew at every call. */
const info = new Uint32Array(16);
const infoBytes = new Uint8Array(info.buffer);

let isUnknown = false;

/**
 * The parent of a held process, by one system call: /proc is not read, and no other process can be meant.
 * @returns undefined where it is gone, or its parent is none of our PID namespace, and before Linux 6.13: ask /proc then
 */
export function parentOfHeld(pidfd: Pidfd): number | undefined {
  return fill(pidfd) ? info[PPID] : undefined;
}

/**
 * The uids of a held process, in the same way.
 * @returns undefined as above: ask /proc then
 */
export function uidsOfHeld(pidfd: Pidfd): CredentialIds | undefined {
  if (!fill(pidfd)) return undefined;
  const { [RUID]: real = 0, [EUID]: effective = 0, [SUID]: saved = 0 } = info;
  return { real, effective, saved };
}

/**
 * The cgroup v2 of a held process: the inode of the group's folder, which no other group has while this one is there.
 * @returns a decimal string; undefined where it is gone, without cgroups, and before Linux 6.13
 */
export function cgroupIdOfHeld(pidfd: Pidfd): string | undefined {
  if (!fill(pidfd) || ((info[MASK] ?? 0) & CGROUP) === 0) return undefined;
  const { [CGROUPID]: low = 0, [CGROUPID + 1]: high = 0 } = info;
  return ((BigInt(high) << 32n) | BigInt(low)).toString();
}

/** A kernel without it answers ENOTTY or EINVAL, whoever is asked about. */
function fill(pidfd: Pidfd): boolean {
  if (isUnknown || pidfd.closed) return false;
  info.fill(0);
  info[MASK] = WANTED | CGROUP;
  const outcome = ioctl(pidfd.fd, PIDFD_GET_INFO, infoBytes);
  isUnknown = outcome === -ENOTTY || outcome === -EINVAL;
  return outcome === 0 && ((info[MASK] ?? 0) & WANTED) === WANTED;
}
