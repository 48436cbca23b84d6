import { targets, type FigureName, type Target } from '#test/bench/targets.ts';

/** One line of the report. `met` is null where the figure could not be taken (`reason` says why), and where it has no target. */
export interface Row {
  readonly figure: FigureName;
  readonly value: number | null;
  readonly unit: string;
  readonly reference: number | null;
  readonly ratio: number | null;
  readonly target: number | null;
  readonly met: boolean | null;
  readonly reason?: string;
  /** All that was measured beside it; in the JSON file alone. */
  readonly detail?: unknown;
}

/** What a figure may need of the run. */
export interface BenchContext {
  /** The checkout. */
  readonly root: string;
  /** The project's Node, not the machine's. */
  readonly node: string;
  /** A folder of this module's own, removed after it. */
  readonly folder: string;
  /** False where `--only` leaves a figure of the module out. */
  wants(figure: FigureName): boolean;
  /** A line on stderr, to tell that it goes on. */
  note(text: string): void;
}

/** What each module in figures/ exports, by these names. */
export interface FigureModule {
  readonly figures: readonly FigureName[];
  run(context: BenchContext): Promise<readonly Row[]>;
}

/** What was measured; the ratio is the quotient unless pairs gave a better one. */
export interface Measured {
  readonly value: number;
  readonly reference?: number;
  readonly ratio?: number;
}

export function measured(figure: FigureName, result: Measured): Row {
  const spec: Target = targets[figure];
  const { value, reference = null } = result;
  const ratio = result.ratio ?? (reference === null ? null : value / reference);
  const base = { figure, value, unit: spec.unit, reference, ratio, target: spec.target };
  if (spec.target === null) return { ...base, met: null };
  const judged = spec.judged === 'ratio' ? ratio : value;
  if (judged === null || !Number.isFinite(judged)) return { ...base, met: null, reason: 'nothing to hold it against' };
  return { ...base, met: spec.direction === 'atMost' ? judged <= spec.target : judged >= spec.target };
}

export function notRun(figure: FigureName, reason: string): Row {
  const { unit, target }: Target = targets[figure];
  return { figure, value: null, unit, reference: null, ratio: null, target, met: null, reason };
}
