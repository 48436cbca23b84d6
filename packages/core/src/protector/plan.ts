import { exemptionOf, isProtection, type CriticalList, type Exemption, type ExemptionView } from './exemption.ts';
import { causedBytes, guiltKind, type GuiltKind } from './guilt.ts';
import { isAtLeast, type Need } from './need.ts';
import type { ProcessColumns } from './process-columns.ts';
import { memoryOf, type ProcessTrends } from './process-trends.ts';
import type { Ranking } from './ranking.ts';
import { tuning } from './tuning.ts';
import { isHelp, restOfGroup, victimCount, type Relief } from './victims.ts';

/** One process as the plan sees it. */
export interface Suspect {
  readonly pid: number;
  readonly startTicks: number;
  readonly group: number;
  readonly bytes: number;
  readonly grownBytes: number;
  readonly growthBytes: number;
  readonly cpuShare: number;
  readonly guilt: GuiltKind;
}

export interface PassedOver extends Suspect {
  readonly exemption: Exemption;
}

/** Whom the protector would pick, and why not the others. */
export interface Plan {
  readonly need: Need;
  /** Ended one after the other; one, or all of its process group where that is configured. Empty: there is none. */
  readonly victims: readonly Suspect[];
  /** The next ones by guilt, before and after the victim. */
  readonly passedOver: readonly PassedOver[];
  /** Who is to blame, and protected: whoever else has grown has hardly, and their end would help little. */
  readonly blamed: PassedOver | undefined;
  /** May the victims be signalled as things are? Growth is answered by the guilty alone; the steady are the last resort. */
  readonly mayEnd: boolean;
}

export interface PlanInput {
  readonly columns: ProcessColumns;
  readonly trends: ProcessTrends;
  readonly ranking: Ranking;
  readonly view: ExemptionView;
  readonly critical: CriticalList;
  readonly need: Need;
  readonly unit: 'process' | 'group';
  /** What the victims are to bring together. */
  readonly relief: Relief;
  /** How many are told of that were passed over. */
  readonly passedOverMax: number;
}

/** Rows that are asked about at most: behind them all are small. */
const askedMax = 512;

/** Whom to end now, by real memory and by guilt, and never who is exempt. */
export function makePlan(input: PlanInput): Plan {
  const { columns, trends, ranking, need } = input;
  ranking.fill(columns, trends);
  const exempt: PassedOver[] = [];
  const eligible: number[] = [];
  const isEnough = (): boolean => {
    if (eligible.length === 0 || exempt.length + eligible.length <= input.passedOverMax) return false;
    return eligible.length >= tuning.victimsMax || victimCount(input, eligible) < eligible.length;
  };
  for (let asked = 0; asked < askedMax && !isEnough(); asked += 1) {
    const row = ranking.next();
    if (row < 0) break;
    const exemption = exemptionOf(input.view, columns, row, input.critical);
    if (exemption === undefined) eligible.push(row);
    else if (exempt.length < input.passedOverMax) exempt.push({ ...suspectOf(columns, trends, row), exemption });
  }
  const victims = pick(input, eligible);
  const picked = new Set(victims.map(({ pid }) => pid));
  const less = eligible.filter((row) => !picked.has(columns.pid[row] ?? 0)).map((row) => lessGuilty(input, row));
  const passedOver = [...exempt, ...less].slice(0, input.passedOverMax);
  const blamed = exempt.find((each) => isToBlame(each, victims[0]));
  return { need, victims, passedOver, blamed, mayEnd: mayEnd(input, victims, blamed) };
}

/** The guiltiest and those beside it; where their end would hardly help yet, the guiltiest of those whose would. */
function pick(input: PlanInput, eligible: readonly number[]): readonly Suspect[] {
  const { trends, relief } = input;
  const victim = heaviest(input, eligible);
  if (victim === undefined) return [];
  const victims = withOthers(input, victim, eligible);
  if (isHelp(victims, relief)) return victims;
  const better = eligible.find((row) => trends.grownBytes(row) >= relief.leastBytes);
  return better === undefined ? victims : withOthers(input, better, [better]);
}

/** Of the guiltiest of one kind, the one whose end frees most for its guilt: workers may share what each seems to hold. */
function heaviest({ columns, trends, view, need }: PlanInput, eligible: readonly number[]): number | undefined {
  const [first] = eligible;
  // Weighing reads every page's entry: where the kernel is next, there is no time for that.
  if (first === undefined || need.level === 'kill') return first;
  const kind = guiltKind(columns, trends, first);
  let best = first;
  let bestBytes = 0;
  for (const row of eligible.slice(0, tuning.weighedMax)) {
    if (guiltKind(columns, trends, row) !== kind) break;
    const bytes = memoryOf(columns, row);
    const caused = kind === 'large' ? bytes : trends.grownBytes(row) + trends.growthBytes(row);
    const real = (caused * view.realBytes(columns.pid[row] ?? 0, bytes)) / bytes;
    if (real <= bestBytes) continue;
    best = row;
    bestBytes = real;
  }
  return best;
}

function lessGuilty({ columns, trends }: PlanInput, row: number): PassedOver {
  const suspect = suspectOf(columns, trends, row);
  return { ...suspect, exemption: { rule: 'lessGuilty', why: lessWords(suspect.guilt) } };
}

/**
 * A protected one that has caused, or grown by, several times what the victim has: a program that breathes, or starts, is no hog
 * beside it.
 */
function isToBlame(one: PassedOver, victim: Suspect | undefined): boolean {
  if (one.guilt === 'large' || !isProtection(one.exemption)) return false;
  if (victim === undefined || one.grownBytes > tuning.blameFactor * victim.grownBytes) return true;
  return one.guilt === 'growing' && causedBytes(one) > tuning.blameFactor * causedBytes(victim);
}

/**
 * Those who are not to blame, whose end would hardly help (a program that starts just now), or who hold what they held while the
 * machine was well, are ended only where the kernel would be next.
 */
function mayEnd({ need, relief }: PlanInput, victims: readonly Suspect[], blamed: PassedOver | undefined): boolean {
  const [victim] = victims;
  if (victim === undefined || !isAtLeast(need.level, 'end')) return false;
  // Where a protected one is to blame a forecast is of its growth: the others die of what is left alone.
  if (need.level === 'kill') return blamed === undefined || need.cause !== 'forecast';
  return victim.guilt !== 'large' && blamed === undefined && isHelp(victims, relief);
}

/** The victim, and who is ended with it: of its group where that is configured, or as many as it takes. */
function withOthers(input: PlanInput, victim: number, eligible: readonly number[]): readonly Suspect[] {
  const { columns, trends } = input;
  const others = eligible.filter((row) => row !== victim);
  const mayBe = (row: number): boolean => exemptionOf(input.view, columns, row, input.critical) === undefined;
  const rows =
    input.unit === 'group'
      ? [victim, ...restOfGroup(columns, trends, victim, mayBe)]
      : [victim, ...others].slice(0, victimCount(input, [victim, ...others]));
  return rows.map((row) => suspectOf(columns, trends, row));
}

/** What the plan says of one row. */
export function suspectOf(columns: ProcessColumns, trends: ProcessTrends, row: number): Suspect {
  return {
    pid: columns.pid[row] ?? 0,
    startTicks: columns.startTicks[row] ?? 0,
    group: columns.group[row] ?? 0,
    bytes: memoryOf(columns, row),
    grownBytes: trends.grownBytes(row),
    growthBytes: trends.growthBytes(row),
    cpuShare: trends.cpuShare(row),
    guilt: guiltKind(columns, trends, row),
  };
}

function lessWords(guilt: GuiltKind): string {
  if (guilt === 'large') return 'it holds what it held while the machine was well';
  return guilt === 'grown' ? 'it has grown, and grows no more' : 'it grows less';
}
