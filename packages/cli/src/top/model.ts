import type { Lease, ServerStatus, SignalEvent } from '#client/index.ts';
import type { ProcessSample } from './usage-sampler.ts';

/** A lease (or a rule) with what its processes do now. */
export interface TopRow {
  /** Tells rows apart from one moment to the next: a lease's id, or `rule:` and its name. */
  readonly key: string;
  readonly label: string;
  /** Absent for a rule. */
  readonly lease?: Lease;
  readonly processes: readonly ProcessSample[];
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

/** One moment of `omnictl top`; with --json a line. */
export interface TopModel {
  readonly at: string;
  readonly status: ServerStatus;
  readonly rows: readonly TopRow[];
  /** The newest first. */
  readonly kills: readonly SignalEvent[];
  /** Why what is shown is old: the server does not answer. */
  readonly failure?: string;
}
