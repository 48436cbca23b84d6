/** What one figure must hold. The one place where targets stand: results are printed beside them, no test asserts them. */
export interface Target {
  readonly unit: string;
  /** What the target is said of: the value, or its ratio to the reference. */
  readonly judged: 'value' | 'ratio';
  readonly direction: 'atMost' | 'atLeast';
  /** null: nothing is asked of it, it is told all the same. */
  readonly target: number | null;
  /** What the value is held against, measured in the same run. */
  readonly reference: string;
}

export const targets = {
  'check-root-p50': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.2,
    reference: 'bare Node NDJSON echo of equal frames, one at a time',
  },
  'check-four-deep-p50': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.3,
    reference: 'that echo plus the same /proc reads',
  },
  'check-root-64-in-flight': {
    unit: '1/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: 0.75,
    reference: 'that echo, 64 in flight',
  },
  'check-root-64-gathered': {
    unit: '1/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: null,
    reference: 'the echo, gathering the answers of a chunk in one write',
  },
  'check-under-flood-p50': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'the same without the flood of another connection',
  },
  'check-under-flood-p99': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'the same without the flood of another connection',
  },
  'check-beside-unread-p50': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'the same without a peer that never reads',
  },
  'check-beside-unread-p99': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'the same without a peer that never reads',
  },
  'register-50-connections': {
    unit: '1/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: 0.25,
    reference: 'redis SET, appendfsync always, 50 connections',
  },
  'register-new-terms-50-connections': {
    unit: '1/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: null,
    reference: 'redis SET, appendfsync always, 50 connections',
  },
  'register-and-release-50-connections': {
    unit: '1/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: null,
    reference: 'redis SET, appendfsync always, 50 connections',
  },
  'rules-check-100000-leases': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.2,
    reference: 'the same at 10 leases',
  },
  'rules-check-anywhere-100000-leases': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'the same at 10 leases: the caches of the machine count here',
  },
  'rules-register-100000-leases': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.2,
    reference: 'the same at 10 leases',
  },
  'lease-heap-100000': { unit: 'B', judged: 'value', direction: 'atMost', target: 1024, reference: 'none: heap for one lease' },
  'membership-walk-four-deep': {
    unit: 'µs',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: no member on the way',
  },
  'membership-scan': {
    unit: 'µs',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: one look through /proc, for one process',
  },
  'membership-marker': {
    unit: 'µs',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: its environment read, and digested',
  },
  'omnictl-status-cold': {
    unit: 'ms',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.25,
    reference: 'node -e 0, whole process',
  },
  'launcher-cold': {
    unit: 'ms',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.05,
    reference: 'node with the same empty file',
  },
  'idle-cpu-1000-leases': {
    unit: '% of a core',
    judged: 'value',
    direction: 'atMost',
    target: 0.1,
    reference: 'none: 60 s of silence',
  },
  'idle-rss-1000-leases': { unit: 'MiB', judged: 'ratio', direction: 'atMost', target: 1.5, reference: 'idle bare node' },
  'idle-pss-1000-leases': {
    unit: 'MiB',
    judged: 'ratio',
    direction: 'atMost',
    target: null,
    reference: 'idle bare node',
  },
  'history-page-million-rows': {
    unit: 'ms',
    judged: 'value',
    direction: 'atMost',
    target: 5,
    reference: 'none: history --signal 9 --limit 50, in the server',
  },
  'history-no-match-stall': {
    unit: 'ms',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: longest stall of the loop, a filter that nothing matches',
  },
  'export-ndjson-million-rows': {
    unit: 'rows/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: 0.7,
    reference: 'iterating the table, each row stringified',
  },
  'export-csv-million-rows': {
    unit: 'rows/s',
    judged: 'ratio',
    direction: 'atLeast',
    target: 0.7,
    reference: 'iterating the table, each row stringified',
  },
  'export-memory-server': { unit: 'MiB', judged: 'value', direction: 'atMost', target: 64, reference: 'none: above idle' },
  'export-memory-omnictl': { unit: 'MiB', judged: 'value', direction: 'atMost', target: 64, reference: 'none: above idle' },
  'sentinel-kill-handled': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.25,
    reference: 'without the sentinel: kill() of SIGTERM to a process that handles it, which is recorded',
  },
  'sentinel-kill-unrecorded': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.25,
    reference: 'without the sentinel: kill() of SIGUSR1 to a process that handles it, which is not recorded',
  },
  'sentinel-fork-exec': {
    unit: 'µs',
    judged: 'ratio',
    direction: 'atMost',
    target: 1.05,
    reference: 'without the sentinel: /bin/true from fork to wait',
  },
  'sentinel-storm-unaccounted': {
    unit: 'signals',
    judged: 'value',
    direction: 'atMost',
    target: 0,
    reference: 'none: of a million at full speed, those that are in no row, or counted as dropped',
  },
  'sentinel-storm-rows': {
    unit: 'rows',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: what the million became',
  },
  'sentinel-kill-to-row-p99': {
    unit: 'ms',
    judged: 'value',
    direction: 'atMost',
    target: 50,
    reference: 'none: from the kill to its line of omnictl history --follow',
  },
  'sentinel-kill-to-row-p50': {
    unit: 'ms',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: from the kill to its line of omnictl history --follow',
  },
  'sentinel-attached': {
    unit: 'ms',
    judged: 'value',
    direction: 'atMost',
    target: 150,
    reference: "none: from omnid's start to the first signal that it saw",
  },
  'sentinel-cpu-1000-signals': {
    unit: '% of a core',
    judged: 'value',
    direction: 'atMost',
    target: 2,
    reference: 'none: the server at 1,000 signals a second to 50 processes',
  },
  'sentinel-cpu-1000-deaths': {
    unit: '% of a core',
    judged: 'value',
    direction: 'atMost',
    target: null,
    reference: 'none: the server at 1,000 processes a second that are started and killed, a row each',
  },
} as const satisfies Readonly<Record<string, Target>>;

export type FigureName = keyof typeof targets;

export const figureNames = Object.keys(targets) as readonly FigureName[];
