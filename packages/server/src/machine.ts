import { createHash } from 'node:crypto';
import type { RuleCover } from '#core/rules/cover.ts';
import type { Clock, HeldProcess, KernelMark, ProcessEntry, ProcessTable, Uids } from '#core/ports.ts';
import { boottimeMs, monotonicMs, ticksPerSecond } from '#linux/clock.ts';
import { takeIdentity, type TakenIdentity } from '#linux/identity.ts';
import { openPidfd, type Pidfd } from '#linux/pidfd.ts';
import { parentOfHeld, uidsOfHeld } from '#linux/pidfd-info.ts';
import { readParent } from '#linux/proc-stat.ts';
import { readCredentials } from '#linux/proc-status.ts';
import { readEnvironmentVariable } from '#linux/proc-text.ts';
import { runCgroupMark } from '#linux/run-cgroup-mark.ts';

/** A process of this machine, held by its pidfd. */
export class Held implements HeldProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfdId: string | undefined;
  readonly pidfd: Pidfd;
  readonly kernelThread: boolean;
  /** Its name when it was taken. */
  readonly comm: string;
  readonly #ppid: number;
  readonly #image: number;
  #isClosed = false;
  #isTaken = false;

  constructor(taken: TakenIdentity) {
    this.pid = taken.identity.pid;
    this.startTicks = taken.identity.startTicks;
    this.pidfdId = taken.identity.pidfdId;
    this.pidfd = taken.pidfd;
    this.kernelThread = taken.stat.kernelThread;
    this.#ppid = taken.stat.ppid;
    this.#image = taken.stat.image;
    this.comm = taken.stat.comm;
  }

  get taken(): ProcessEntry {
    return { ppid: this.#ppid, startTicks: this.startTicks, kernelThread: this.kernelThread, image: this.#image };
  }

  alive(): boolean {
    return !this.#isClosed && this.pidfd.alive();
  }

  entry(): ProcessEntry | undefined {
    const ppid = parentOfHeld(this.pidfd);
    if (ppid === undefined) return readParent(this.pid);
    return { ppid, startTicks: this.startTicks, kernelThread: this.kernelThread };
  }

  /** @returns undefined where it is gone */
  uids(): Uids | undefined {
    return uidsOfHeld(this.pidfd) ?? readCredentials(this.pid)?.uids;
  }

  close(): void {
    this.#isClosed = true;
    if (!this.#isTaken) this.pidfd.close();
  }

  /** From here on the descriptor is the caller's, and `close` leaves it open. */
  take(): Pidfd {
    this.#isTaken = true;
    return this.pidfd;
  }
}

/** This machine's process table, as the rules want it. */
export const machine: Omit<ProcessTable, 'hold'> & { hold(pid: number): Held | undefined } = {
  entry(pid: number): ProcessEntry | undefined {
    return readParent(pid);
  },
  hold(pid: number): Held | undefined {
    const taken = takeIdentity(pid);
    return taken === undefined ? undefined : new Held(taken);
  },
  uids(pid: number): Uids | undefined {
    return readCredentials(pid)?.uids;
  },
  markerDigest(pid: number): string | undefined {
    const marker = readEnvironmentVariable(pid, 'OMNIMIND_LEASE');
    return marker === undefined ? runCgroupMark(pid) : digestMarker(marker);
  },
  atTurnEnd(forget: () => void): void {
    setImmediate(forget);
  },
};

/** What can be asked of the kernel's marks. */
export interface MarkReader {
  markOf(pidfd: number): KernelMark | undefined;
  coverOf(pidfd: number): RuleCover | undefined;
}

/** The same, with what the kernel marked. */
export function withMarks(marks: MarkReader): ProcessTable {
  return {
    ...machine,
    markedLease(pid: number, held?: HeldProcess): KernelMark | undefined {
      if (held !== undefined) return marks.markOf((held as Held).pidfd.fd);
      using pidfd = openPidfd(pid);
      return pidfd === undefined ? undefined : marks.markOf(pidfd.fd);
    },
    markedCover(pid: number): RuleCover | undefined {
      using pidfd = openPidfd(pid);
      return pidfd === undefined ? undefined : marks.coverOf(pidfd.fd);
    },
  };
}

/** The secret itself is kept nowhere: whoever reads the database or a core dump learns no marker. */
export function digestMarker(marker: string): string {
  return createHash('sha256').update(marker).digest('base64url');
}

/** The machine's clocks. */
export const clock: Clock = {
  monotonicMs,
  wallMs: () => Date.now(),
  bootTicks: () => Math.floor((boottimeMs() * ticksPerSecond) / 1000),
};

/** CLOCK_MONOTONIC in nanoseconds, for history. */
export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}
