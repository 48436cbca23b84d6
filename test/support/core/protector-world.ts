import type { Exemption, ExemptionView } from '#core/protector/exemption.ts';
import { CriticalList, criticalDefaults } from '#core/protector/exemption.ts';
import { MachineTrend } from '#core/protector/machine-trend.ts';
import { limitsByMode, type Limits } from '#core/protector/modes.ts';
import { assess, type Need } from '#core/protector/need.ts';
import { makePlan, type Plan } from '#core/protector/plan.ts';
import { makeColumns } from '#core/protector/process-columns.ts';
import { ProcessTrends } from '#core/protector/process-trends.ts';
import { Ranking } from '#core/protector/ranking.ts';
import { reliefOf } from '#core/protector/victims.ts';

export const mebibyte = 2 ** 20;
const capacity = 1024;

/** A process of a machine that is made up: what it holds is a function of time. */
export interface WorldProcess {
  readonly pid: number;
  readonly bytes: (seconds: number) => number;
  readonly startSeconds?: number;
  readonly cpuShare?: number;
  readonly group?: number;
  readonly ppid?: number;
  readonly kind?: number;
  readonly program?: string;
  readonly exemption?: Exemption;
  readonly realBytes?: number;
}

/** A machine whose memory is what its processes leave: looked at as the server does, with a clock that a test turns. */
export class ProtectorWorld implements ExemptionView {
  readonly ownPid = 2;
  readonly trend = new MachineTrend();
  readonly columns = makeColumns(capacity);
  readonly processes = new ProcessTrends(capacity, 100);
  readonly #ranking = new Ranking(capacity);
  readonly #members: WorldProcess[];
  readonly #totalBytes: number;
  readonly #limits: Limits;
  /** What pressure the kernel tells, as a share of time. */
  memorySomeShare = 0;
  memoryFullShare = 0;
  swapTotalBytes = 0;
  swapUsedBytes = 0;
  seconds = 100;
  #someUs = 0;
  #fullUs = 0;

  constructor(totalBytes: number, members: readonly WorldProcess[], limits: Limits = limitsByMode.dev) {
    this.#totalBytes = totalBytes;
    this.#members = members.toSorted((a, b) => a.pid - b.pid);
    this.#limits = limits;
  }

  get need(): Need {
    return assess(this.trend, this.#limits);
  }

  /** Goes on by steps, with a look at the machine and at the processes at each. */
  run(forSeconds: number, stepSeconds = 0.25): this {
    const end = this.seconds + forSeconds;
    while (this.seconds < end - 1e-9) {
      this.seconds += stepSeconds;
      this.#look(stepSeconds);
    }
    return this;
  }

  /** Runs until the machine needs at least this, at most so long. @returns when that was, or Infinity */
  runUntil(fits: (need: Need) => boolean, forSeconds: number, stepSeconds = 0.1): number {
    const end = this.seconds + forSeconds;
    while (this.seconds < end) {
      this.run(stepSeconds, stepSeconds);
      if (fits(this.need)) return this.seconds;
    }
    return Infinity;
  }

  plan(unit: 'process' | 'group' = 'process', passedOverMax = 10): Plan {
    return makePlan({
      columns: this.columns,
      trends: this.processes,
      ranking: this.#ranking,
      view: this,
      critical: new CriticalList(criticalDefaults),
      need: this.need,
      unit,
      relief: reliefOf(this.need, this.trend),
      passedOverMax,
    });
  }

  #look(stepSeconds: number): void {
    const alive = this.#members.filter(({ startSeconds = 0 }) => startSeconds <= this.seconds);
    let used = 0;
    const { columns } = this;
    columns.count = 0;
    columns.atMs = this.seconds * 1000;
    columns.bootMs = this.seconds * 1000;
    for (const one of alive) {
      const row = columns.count;
      const bytes = one.bytes(this.seconds);
      used += bytes;
      columns.pid[row] = one.pid;
      columns.ppid[row] = one.ppid ?? 1;
      columns.group[row] = one.group ?? one.pid;
      columns.session[row] = one.group ?? one.pid;
      columns.startTicks[row] = (one.startSeconds ?? 0) * 100;
      columns.cpuTicks[row] = (this.seconds - (one.startSeconds ?? 0)) * 100 * (one.cpuShare ?? 0);
      columns.rssBytes[row] = bytes;
      columns.swapBytes[row] = 0;
      columns.kind[row] = one.kind ?? 0;
      columns.count += 1;
    }
    this.#someUs += this.memorySomeShare * stepSeconds * 1e6;
    this.#fullUs += this.memoryFullShare * stepSeconds * 1e6;
    Object.assign(this.trend.now, {
      atMs: this.seconds * 1000,
      memTotalBytes: this.#totalBytes,
      memAvailableBytes: Math.max(0, this.#totalBytes - used),
      swapTotalBytes: this.swapTotalBytes,
      swapFreeBytes: this.swapTotalBytes - this.swapUsedBytes,
      memorySomeUs: this.#someUs,
      memoryFullUs: this.#fullUs,
      cpuSomeUs: 0,
      ioSomeUs: 0,
      ioFullUs: 0,
      cpuBusyTicks: 0,
      cpuTotalTicks: this.seconds * 100,
    });
    this.trend.update();
    this.processes.update(columns, this.need.level === 'well');
  }

  #of(pid: number): WorldProcess | undefined {
    return this.#members.find((one) => one.pid === pid);
  }

  isServed(): boolean {
    return true;
  }

  isCandidate(): boolean {
    return true;
  }

  programOf(pid: number): string | undefined {
    return this.#of(pid)?.program ?? 'program';
  }

  protectionOf(pid: number): Exemption | undefined {
    return this.#of(pid)?.exemption;
  }

  isStuck(): boolean {
    return false;
  }

  realBytes(pid: number, bytes: number): number {
    return this.#of(pid)?.realBytes ?? bytes;
  }
}

/** Holds the same all the time. */
export function steady(bytes: number): (seconds: number) => number {
  return () => bytes;
}

/** Holds `bytes` until a moment, and grows from then on. */
export function growing(bytes: number, bytesPerSecond: number, fromSeconds = 0): (seconds: number) => number {
  return (seconds) => bytes + Math.max(0, seconds - fromSeconds) * bytesPerSecond;
}
