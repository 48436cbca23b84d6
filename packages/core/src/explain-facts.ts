import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import type { Lease } from '#protocol/lease.ts';

/** A process that has the pid now. */
export interface LiveProcess {
  readonly process: ProcessRef & { readonly startTicks: string };
  /** One letter, as in /proc/PID/stat; `Z`: it has ended, and its parent has not asked how. */
  readonly state: string;
  /** Its exit status as wait(2) will tell it: for a zombie, where it can be read. */
  readonly waitStatus?: number | undefined;
}

/** Whether the kernel is watched, and what to change where it is not. */
export interface Watch {
  readonly active: boolean;
  readonly why: string;
  readonly fix?: string | undefined;
}

/** What the wire allows, and calls things. */
export interface ExplainTerms {
  readonly signalName: (signal: number) => string;
  /** Rows that one part of an explanation holds, at most. */
  readonly signalsMax: number;
  /** Other holders of the pid that are named, at most. */
  readonly holdersMax: number;
}

/** All that an explanation rests on. Rows are as the reader may see them, oldest first. */
export interface ExplainFacts {
  readonly terms: ExplainTerms;
  readonly pid: number | null;
  /** The process that is meant; undefined: the one that last had the pid. */
  readonly startTicks?: string | undefined;
  /** Rows about processes that had the pid. */
  readonly rows: readonly SignalEvent[];
  /** Rows of the leases that are concerned: their members' deaths are among them. */
  readonly treeRows: readonly SignalEvent[];
  /** Rows of the leases that tell of processes past the guard's bound. */
  readonly unguardedRows: readonly SignalEvent[];
  /** What the server says about its history: rows that were lost. */
  readonly serverRows: readonly SignalEvent[];
  readonly live?: LiveProcess | undefined;
  /** The leases that rows name or that cover the live process, innermost first. */
  readonly leases: readonly Lease[];
  readonly sentinel: Watch;
  /** CLOCK_MONOTONIC now, nanoseconds. */
  readonly nowNs: bigint;
  /** The oldest row that there is, ISO 8601. */
  readonly historySince: string | null;
  /** Only this uid is served; undefined: all. */
  readonly servedUid?: number | undefined;
}
