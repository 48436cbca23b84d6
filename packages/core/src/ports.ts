import type { Lease } from './lease.ts';
import type { RuleCover } from './rules/cover.ts';

/**
 * What the rules need of the machine, as an interface: the adapters are in packages/linux and
 * packages/server/src/machine.ts; tests and benches bring a table of their own.
 */

/** A process that is held by a pidfd: whatever happens to its pid, this names the process that was meant. */
export interface HeldProcess {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, decimal. */
  readonly startTicks: string;
  /** The pidfd's inode, from Linux 6.9. */
  readonly pidfdId: string | undefined;
  /** Its line of the process table as it was when it was taken, read by way of its pid, which it had then. */
  readonly taken: ProcessEntry;
  /** False from the moment that it is a zombie. */
  alive(): boolean;
  /** Its line of the process table as it is now, cheaper than by its pid. @returns undefined where it is gone */
  entry(): ProcessEntry | undefined;
  /** Lets go of it. Idempotent. */
  close(): void;
}

export interface Uids {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

/** One line of the process table, as cheap as it can be read. */
export interface ProcessEntry {
  readonly ppid: number;
  readonly startTicks: string;
  readonly kernelThread: boolean;
  /** Another number after an exec; absent where that cannot be told. */
  readonly image?: number;
}

export interface ProcessTable {
  /** @returns undefined where no process has the pid */
  entry(pid: number): ProcessEntry | undefined;
  /** Opens the pidfd, reads /proc, polls the pidfd. @returns undefined where it is gone */
  hold(pid: number): HeldProcess | undefined;
  /** @returns undefined where it is gone */
  uids(pid: number): Uids | undefined;
  /**
   * The innermost lease that the kernel marked it with; absent without the sentinel.
   * @param held the process, where the caller holds it
   * @returns undefined: none
   */
  markedLease?(pid: number, held?: HeldProcess): KernelMark | undefined;
  /** What rules cover it by, as the kernel passed it on; absent without the sentinel. */
  markedCover?(pid: number): RuleCover | undefined;
  /** A digest of the secret in its OMNIMIND_LEASE, if it carries one that may be read; else that in the name of its cgroup. */
  markerDigest(pid: number): string | undefined;
  /** Calls back when this turn of the loop is over; absent where there are no turns. */
  atTurnEnd?(forget: () => void): void;
}

/** A process that the kernel marked at its fork, for its parent is marked. */
export interface Fork {
  readonly pid: number;
  readonly startTicks: string;
  /** Who forked it; may be gone. */
  readonly parentPid: number;
}

/** What the kernel passed on from a parent that may be gone. */
export interface KernelMark {
  /** An active lease. */
  readonly lease: Lease;
  /** It comes from a secret in an environment, and not by descent from the lease's root. */
  readonly carrier: boolean;
}

/** The clocks, passed in, so that a test can turn them. */
export interface Clock {
  /** CLOCK_MONOTONIC, milliseconds: every deadline. It stands still while the machine is suspended. */
  monotonicMs(): number;
  /** Wall time, milliseconds since the epoch: history alone. */
  wallMs(): number;
  /** CLOCK_BOOTTIME in the ticks of /proc/PID/stat's start time: what a process that starts now would have there. */
  bootTicks(): number;
}
