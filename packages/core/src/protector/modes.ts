/** The names of `[protector] mode`, and of protector.setMode. */
export type ProtectorMode = 'off' | 'observe' | 'test' | 'dev' | 'prod';
export type LimitsMode = Exclude<ProtectorMode, 'off' | 'observe'>;

/** What one mode holds the machine to. Percentages are of the whole machine unless the name says otherwise. */
export interface Limits {
  /** CPU in use from which a hog is told of, and slowed where others wait. */
  readonly cpuPercent: number;
  /** Memory in use from which growth is acted on. Load that holds steady is left alone above it too. */
  readonly memoryPercent: number;
  /** One process's share of one core from which it is a CPU hog. */
  readonly hogCpuPercent: number;
  /** After its start a process is no CPU hog: programs start up. Memory is another matter, and has no such grace. */
  readonly startGraceMs: number;
  /** A CPU hog is slowed, and not ended, as long as that helps. */
  readonly preferNiceOverKill: boolean;
  /** A process that is larger and still grows is told of, and slowed. */
  readonly processBytesMax: number;
  readonly diskPercent: number;
  /** Processes of one process group, from which it is told of. */
  readonly groupProcessesMax: number;
}

const megabyte = 1_000_000;

/** The table of limits (1-product.md; the README shows it). Nothing else in the protector knows a mode's numbers. */
export const limitsByMode: Readonly<Record<LimitsMode, Limits>> = {
  dev: {
    cpuPercent: 80,
    memoryPercent: 85,
    hogCpuPercent: 95,
    startGraceMs: 60_000,
    preferNiceOverKill: true,
    processBytesMax: 8000 * megabyte,
    diskPercent: 90,
    groupProcessesMax: 50,
  },
  test: {
    cpuPercent: 85,
    memoryPercent: 88,
    hogCpuPercent: 90,
    startGraceMs: 30_000,
    preferNiceOverKill: true,
    processBytesMax: 10_000 * megabyte,
    diskPercent: 90,
    groupProcessesMax: 100,
  },
  prod: {
    cpuPercent: 95,
    memoryPercent: 95,
    hogCpuPercent: 98,
    startGraceMs: 120_000,
    preferNiceOverKill: false,
    processBytesMax: 12_000 * megabyte,
    diskPercent: 95,
    groupProcessesMax: 200,
  },
};

/** The limits that a mode plans by; `observe` has those of the mode that was chosen beside it. */
export function limitsOf(mode: ProtectorMode, beside: LimitsMode): Limits {
  return limitsByMode[mode === 'off' || mode === 'observe' ? beside : mode];
}
