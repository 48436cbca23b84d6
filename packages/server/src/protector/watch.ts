import { machineIntervalMs, processIntervalMs, type ProtectorWork } from '#core/protector/interval.ts';
import { MachineTrend } from '#core/protector/machine-trend.ts';
import { makeColumns, type ProcessColumns } from '#core/protector/process-columns.ts';
import { ProcessTrends } from '#core/protector/process-trends.ts';
import type { NeedLevel } from '#core/protector/need.ts';
import { monotonicMs, ticksPerSecond } from '#linux/clock.ts';
import type { MemoryStall } from '#linux/protector/cgroup-limits.ts';
import { MachineSampler } from '#linux/protector/machine-sampler.ts';
import { ProcessSampler } from '#linux/protector/process-sampler.ts';

/** Processes that are looked at, at most: the columns are made beforehand. The default pid_max. */
export const processesMax = 32_768;
/** Swap in use from which processes are asked for theirs. */
const swapBytesMin = 4 * 2 ** 20;

const noStall: MemoryStall = { someUs: 0, fullUs: 0 };

/** The machine and its processes as they are and as they go, looked at now and then. Everything is made beforehand. */
export class Watch implements Disposable {
  readonly machine = new MachineTrend();
  readonly columns: ProcessColumns = makeColumns(processesMax);
  readonly processes = new ProcessTrends(processesMax, ticksPerSecond);
  readonly #machineSampler: MachineSampler;
  readonly #processSampler: ProcessSampler;
  #processesAtMs = -Infinity;
  #costMs = 0;

  /** @throws SystemCallError where /proc is not mounted */
  constructor() {
    this.#machineSampler = new MachineSampler();
    this.#processSampler = new ProcessSampler(this.columns);
  }

  /** What the last look through the process table took, milliseconds. */
  get processCostMs(): number {
    return this.#costMs;
  }

  /** @param ownStall what of the waiting for memory is of the protector's own making, in all: it is no sign of need */
  lookAtMachine(ownStall: MemoryStall = noStall): void {
    const { now } = this.machine;
    this.#machineSampler.sample(now, monotonicMs());
    now.memorySomeUs -= ownStall.someUs;
    now.memoryFullUs -= ownStall.fullUs;
    this.machine.update();
  }

  /** @param isWell the machine is: what processes hold now is what they may hold */
  lookAtProcesses(isWell: boolean): void {
    const startMs = monotonicMs();
    const { swapTotalBytes, swapFreeBytes } = this.machine.now;
    this.#processSampler.sample(startMs, swapTotalBytes - swapFreeBytes > swapBytesMin);
    this.processes.update(this.columns, isWell);
    this.#processesAtMs = startMs;
    this.#costMs = monotonicMs() - startMs;
  }

  machineIntervalMs(level: NeedLevel, work: ProtectorWork): number {
    return machineIntervalMs(this.machine, level, work);
  }

  processIntervalMs(level: NeedLevel, work: ProtectorWork): number {
    return processIntervalMs(this.machine, this.#costMs, level, work);
  }

  /** Is it time for a look through the process table? */
  isProcessLookDue(level: NeedLevel, work: ProtectorWork): boolean {
    return this.machine.now.atMs - this.#processesAtMs >= this.processIntervalMs(level, work);
  }

  [Symbol.dispose](): void {
    this.#machineSampler[Symbol.dispose]();
    this.#processSampler[Symbol.dispose]();
  }
}
