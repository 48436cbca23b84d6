import type { SignalCode } from '#protocol/history.ts';

/** An ancestor of a task, when the event happened. */
export interface AncestorSeen {
  readonly pid: number;
  readonly comm: string;
  readonly startTicks: string;
}

/** A task as the kernel saw it at that moment. Pids are those of the initial PID namespace. */
export interface TaskSeen {
  readonly pid: number;
  readonly tid: number;
  /** As in field 22 of /proc/PID/stat. */
  readonly startTicks: string;
  /** The same in nanoseconds of CLOCK_BOOTTIME. */
  readonly startNs: bigint;
  /** Effective. */
  readonly uid: number;
  /** The process' name, not the thread's. */
  readonly comm: string;
  readonly kernelThread: boolean;
  /** It was on its way out: what it sent then, its exit did. */
  readonly exiting: boolean;
  /** Nearest first, at most 8. */
  readonly ancestry: readonly AncestorSeen[];
  /** A number for the cgroup of the v2 tree: the inode of its folder. */
  readonly cgroupId: bigint;
  /** As called at exec (at most 512 bytes), or from /proc when the event was told; absent where neither knew. */
  readonly cmdline?: string;
  readonly exe?: string;
  readonly cgroup?: string;
}

/**
 * `pending`: it was there already, and is not queued twice. `failed`: the queue of real-time signals was full.
 * `denied`: the guard refused it. `audited`: it would have in enforce mode.
 */
export type SignalOutcome = 'delivered' | 'ignored' | 'pending' | 'failed' | 'denied' | 'audited';

/**
 * Signals of one kind: same sender, target, signal, code and outcome. It is told when the first comes, again with a new
 * count while more come, and a last time when it was quiet for a second.
 */
export interface SignalSeen {
  /** The same in all tellings of this event, and no other's. */
  readonly serial: number;
  /** How many so far, exactly. */
  readonly count: number;
  /** How many of them are new in this telling. */
  readonly added: number;
  /** No telling comes after this one. */
  readonly final: boolean;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly signal: number;
  readonly code: SignalCode;
  /** sigaction(2)'s si_code, as it is. */
  readonly siCode: number;
  readonly outcome: SignalOutcome;
  /** For a SIGKILL or SIGXCPU of the kernel's: the limit of CPU time (RLIMIT_CPU) that was reached, seconds. */
  readonly cpuLimitSeconds?: number;
  /** Was the signal for the whole process, and not for one thread of it? */
  readonly wholeProcess: boolean;
  /** With the code `kernel`: whichever task was running, which need have nothing to do with it (a terminal's Ctrl-C). */
  readonly sender: TaskSeen;
  readonly target: TaskSeen;
  /** The innermost lease that the target is marked with; for a refusal the lease that forbids. */
  readonly leaseNumber?: bigint;
  /** An earlier reader has told this event: of its tasks pid and start are known here, and nothing else. */
  readonly resumed?: true;
}

/** A marked process has exited: its last thread is gone. */
export interface ExitSeen {
  readonly pid: number;
  readonly startTicks: string;
  readonly uid: number;
  readonly comm: string;
  readonly leaseNumber: bigint;
  readonly timeNs: bigint;
  /** As wait(2) tells it: one of the two is null. */
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly coreDumped: boolean;
}

/** A process was forked by a marked one, and has its mark. */
export interface JoinSeen {
  readonly pid: number;
  readonly startTicks: string;
  readonly uid: number;
  /** Its parent's name still. */
  readonly comm: string;
  readonly parentPid: number;
  readonly leaseNumber: bigint;
  readonly timeNs: bigint;
  /** False where the kernel had no memory for the mark: `Sentinel.mark` it. */
  readonly marked: boolean;
}

/** A process runs another program now. What that is, /proc tells. */
export interface ExecEvent {
  readonly pid: number;
  readonly startTicks: string;
}

/** What a process held when the OOM killer chose it; bytes. */
export interface VictimMemory {
  readonly virtualBytes: number;
  readonly anonBytes: number;
  readonly fileBytes: number;
  readonly shmemBytes: number;
  readonly swapBytes: number;
  readonly pageTableBytes: number;
}

/** The OOM killer's victim. Its SIGKILL is a signal event of its own, sent just before this (code `kernel`). */
export interface OomKillSeen {
  readonly pid: number;
  readonly timeNs: bigint;
  /** Who asked for memory at that moment. */
  readonly allocator: TaskSeen;
  /** Absent before Linux 6.10 or so, where the kernel tells a bare pid. */
  readonly victim?: TaskSeen;
  readonly memory?: VictimMemory;
  readonly oomScoreAdj?: number;
  readonly leaseNumber?: bigint;
}

/** What was lost: events that found no room in the ring, or marks that found no memory. */
export type DropCause = 'signals' | 'exits' | 'oomKills' | 'joins' | 'marks' | 'denials';

/** Events that could not be told, counted exactly in the kernel. Times: CLOCK_MONOTONIC, nanoseconds. */
export interface DroppedSeen {
  readonly where: DropCause;
  readonly count: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}
