import { CpuWatch, findHog } from '#core/protector/cpu.ts';
import type { Exemption } from '#core/protector/exemption.ts';
import type { Limits } from '#core/protector/modes.ts';
import type { NeedLevel } from '#core/protector/need.ts';
import { suspectOf, type Suspect } from '#core/protector/plan.ts';
import { tuning } from '#core/protector/tuning.ts';
import { ticksPerSecond } from '#linux/clock.ts';
import type { Narrator } from './narrator.ts';
import type { ProtectorSettings } from './settings.ts';
import type { Throttler } from './throttler.ts';
import { commOf } from './victim.ts';
import type { Watch } from './watch.ts';

export interface CpuGuardOptions {
  readonly watch: Watch;
  readonly throttler: Throttler;
  readonly narrator: Narrator;
  readonly settings: ProtectorSettings;
  readonly exemption: (pid: number) => Exemption | undefined;
}

/** CPU: a hog is told of, then slowed; ended only where that is configured. */
export class CpuGuard {
  readonly #options: CpuGuardOptions;
  readonly #load = new CpuWatch();

  constructor(options: CpuGuardOptions) {
    this.#options = options;
  }

  /** Call after each look at the machine. */
  update(nowMs: number, limits: Limits): void {
    const { cpuBusyShare, cpuWaitShare } = this.#options.watch.machine;
    this.#load.update(nowMs, { busyShare: cpuBusyShare, waitShare: cpuWaitShare }, limits);
  }

  isCalm(nowMs: number): boolean {
    return this.#load.isCalm(nowMs);
  }

  /** For who was asked to end because of the CPU: is that still needed? */
  level(nowMs: number): NeedLevel {
    return this.#load.isOver(nowMs) ? 'end' : 'well';
  }

  /** Call after each look at the processes. @returns whom to end, where that is configured */
  look(nowMs: number, limits: Limits, acting: boolean): { readonly suspect: Suspect; readonly reason: string } | undefined {
    if (!this.#load.isOver(nowMs)) return undefined;
    const { throttler, narrator, settings } = this.#options;
    const hog = this.#findHog(limits, () => false);
    if (hog === undefined) return undefined;
    narrator.say(`hog ${String(hog.pid)}`, this.#words(hog), hog.pid);
    if (!acting) return undefined;
    const mayEnd = settings.endCpuHogs && settings.end;
    const isSlowedInVain = nowMs - throttler.sinceMs(hog.pid) >= tuning.cpuKillAfterMs;
    if (mayEnd && (isSlowedInVain || !limits.preferNiceOverKill)) return { suspect: hog, reason: this.#words(hog) };
    // The largest may be slowed already: the next one is looked at then.
    const next = this.#findHog(limits, (pid) => throttler.sinceMs(pid) !== Infinity);
    if (next !== undefined && settings.throttle) throttler.slow(next, 'cpu', this.#words(next), nowMs);
    return undefined;
  }

  #findHog(limits: Limits, isPassed: (pid: number) => boolean): Suspect | undefined {
    const { watch, exemption } = this.#options;
    const { columns, processes } = watch;
    const row = findHog(columns, processes, limits, ticksPerSecond, (each) => {
      const pid = columns.pid[each] ?? 0;
      return isPassed(pid) || exemption(pid) !== undefined;
    });
    return row < 0 ? undefined : suspectOf(columns, processes, row);
  }

  #words({ pid, cpuShare }: Suspect): string {
    const { cpuBusyShare, cpuWaitShare } = this.#options.watch.machine;
    const waits = Number.isNaN(cpuWaitShare) ? '' : `, and tasks wait ${percent(cpuWaitShare)} of the time`;
    return `the CPUs are ${percent(cpuBusyShare)} busy${waits}; pid ${String(pid)} (${commOf(pid)}) takes ${percent(cpuShare)} of a core`;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
