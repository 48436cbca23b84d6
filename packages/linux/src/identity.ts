import { readFileSync } from 'node:fs';
import { openPidfd, type Pidfd } from './pidfd.ts';
import { readStat, type ParentStat, type ProcStat } from './proc-stat.ts';

/** Which process, for certain: the wire's ProcessIdentity. */
export interface Identity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, decimal. */
  readonly startTicks: string;
  readonly bootId: string;
  /** The pidfd's inode, decimal; absent before Linux 6.9. */
  readonly pidfdId?: string;
}

/** A process that is held and known. Whoever takes it closes the pidfd. */
export interface TakenIdentity {
  readonly identity: Identity;
  readonly pidfd: Pidfd;
  readonly stat: ParentStat & Pick<ProcStat, 'comm'>;
}

let knownBootId: string | undefined;

/**
 * This boot's id (/proc/sys/kernel/random/boot_id): what makes pids and start times of before a reboot other ones.
 * @throws the error of open(2) where /proc is not mounted
 */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return knownBootId;
}

/**
 * Takes a process' identity: open the pidfd, read /proc, poll the pidfd. A process that lives at the end of this had
 * its pid all the while, so that what was read is its own.
 * @returns undefined where it is gone (a zombie is gone), or where the pid names no process
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function takeIdentity(pid: number): TakenIdentity | undefined {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  let taken: TakenIdentity | undefined;
  try {
    taken = identify(pid, pidfd);
    return taken;
  } finally {
    if (taken === undefined) pidfd.close();
  }
}

/**
 * The same for a process that is held already, as a socket's peer is.
 * @param pid its pid in our own PID namespace
 * @param pidfd stays the caller's when this fails
 * @returns undefined where it is gone
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function identify(pid: number, pidfd: Pidfd): TakenIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined || !pidfd.alive()) return undefined;
  const base = { pid, startTicks: stat.startTicks, bootId: bootId() };
  const pidfdId = pidfd.inode();
  return { identity: pidfdId === undefined ? base : { ...base, pidfdId }, pidfd, stat };
}
