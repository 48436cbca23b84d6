import { addSample, explainedShare, lineNumbers, slopePerSecond, spreadSeconds, weightOf } from './line.ts';
import { emptyReading, type MachineReading } from './machine-reading.ts';
import { tuning } from './tuning.ts';

const BURST = 0;
const SECONDS = lineNumbers;
const MINUTES = 2 * lineNumbers;
const RECENT = 3 * lineNumbers;
/** A line through fewer samples than this foretells nothing, and one of minutes none that does not reach over some time. */
const weightMin = 2.5;
const burstWeightMin = 4;
const minutesSpreadSeconds = 4;
/** So much of a longer trend must be seen in the shorter one. */
const stillShare = 0.3;

/**
 * Where the machine is going: memory that is left (swap counted) by four windows, and the shares of time that tasks waited.
 * A sample costs the same whatever came before.
 */
export class MachineTrend {
  readonly now: MachineReading = emptyReading();
  readonly #before: MachineReading = emptyReading();
  readonly #lines = new Float64Array(4 * lineNumbers);
  #memorySome = 0;
  #memoryFull = 0;
  #cpuWait = 0;
  #cpuBusy = 0;
  #ioFull = 0;
  #movedShare = 1;

  /** Takes what `now` was filled with. Times must not go back. */
  update(): void {
    const { now } = this;
    const before = this.#before;
    const isFirst = before.atMs === 0;
    const sinceMs = isFirst ? 0 : now.atMs - before.atMs;
    addSample(this.#lines, BURST, this.leftBytes, sinceMs, tuning.burstWindowMs);
    addSample(this.#lines, RECENT, this.leftBytes, sinceMs, tuning.recentWindowMs);
    addSample(this.#lines, SECONDS, this.leftBytes, sinceMs, tuning.secondsWindowMs);
    addSample(this.#lines, MINUTES, this.leftBytes, sinceMs, tuning.minutesWindowMs);
    if (!isFirst && sinceMs > 0) {
      const share = (total: number, last: number, usual: number): number =>
        blend(usual, (total - last) / (sinceMs * 1000), sinceMs);
      this.#memorySome = share(now.memorySomeUs, before.memorySomeUs, this.#memorySome);
      this.#memoryFull = share(now.memoryFullUs, before.memoryFullUs, this.#memoryFull);
      this.#cpuWait = share(now.cpuSomeUs, before.cpuSomeUs, this.#cpuWait);
      this.#ioFull = share(now.ioFullUs, before.ioFullUs, this.#ioFull);
      const ticks = now.cpuTotalTicks - before.cpuTotalTicks;
      if (ticks > 0) this.#cpuBusy = blend(this.#cpuBusy, (now.cpuBusyTicks - before.cpuBusyTicks) / ticks, sinceMs);
    }
    this.#movedShare = isFirst ? 1 : Math.abs(now.memAvailableBytes - before.memAvailableBytes) / now.memTotalBytes;
    Object.assign(before, now);
  }

  /** Memory and swap that can still be had, bytes. */
  get leftBytes(): number {
    return this.now.memAvailableBytes + this.now.swapFreeBytes;
  }

  /** Available memory's share of all memory. */
  get availableShare(): number {
    return this.now.memAvailableBytes / this.now.memTotalBytes;
  }

  /** Free swap's share of all swap; 0 without any: there is nothing left of it. */
  get swapFreeShare(): number {
    return this.now.swapTotalBytes > 0 ? this.now.swapFreeBytes / this.now.swapTotalBytes : 0;
  }

  /** How fast memory goes, bytes a second; 0 where it does not, or goes up and down. */
  get fallBytes(): number {
    return Math.max(this.#fall(SECONDS), this.#fall(MINUTES));
  }

  /** Does memory go now, by the newest samples or by any longer window? Only where they come fast is that known at once. */
  get isFalling(): boolean {
    return Math.max(this.#fall(BURST), this.fallBytes) >= tuning.machineGrowthBytes;
  }

  /** Has memory gone since the sample before? Perhaps by chance: it is worth a closer look. */
  get mayFall(): boolean {
    return -slopePerSecond(this.#lines, BURST) >= tuning.machineGrowthBytes;
  }

  /** Is as much memory available as at the look before? Unlike a trend it is known from two looks, however far apart. */
  get isStill(): boolean {
    return this.#movedShare <= tuning.stillShare;
  }

  /** When memory and swap are used up if all goes on as in the last fraction of a second. */
  get burstExhaustedInMs(): number {
    return Math.min(this.#exhaustedInMs(BURST), this.exhaustedInMs);
  }

  /** When memory and swap are used up if all goes on as it does; Infinity where they are not. The minutes' window tells
   * of what is far, the seconds' of what is near: a burst of a second says nothing about the next minute. */
  get exhaustedInMs(): number {
    const near = this.#exhaustedInMs(SECONDS);
    const far = this.#exhaustedInMs(MINUTES);
    return Math.min(near <= tuning.throttleForecastMs ? near : Infinity, far);
  }

  /** The share of the last second in which some tasks waited for memory; NaN without PSI. */
  get memorySomeShare(): number {
    return this.#memorySome;
  }

  /** The same, in which all of them did. */
  get memoryFullShare(): number {
    return this.#memoryFull;
  }

  /** The share of the last second in which some tasks waited for a CPU; NaN without PSI. */
  get cpuWaitShare(): number {
    return this.#cpuWait;
  }

  get ioFullShare(): number {
    return this.#ioFull;
  }

  /** The CPUs' share at work. */
  get cpuBusyShare(): number {
    return this.#cpuBusy;
  }

  #fall(line: number): number {
    const fall = -slopePerSecond(this.#lines, line);
    const weightLeast = line === BURST ? burstWeightMin : weightMin;
    if (fall <= 0 || weightOf(this.#lines, line) < weightLeast) return 0;
    if (line === MINUTES && spreadSeconds(this.#lines, line) < minutesSpreadSeconds) return 0;
    if (this.#hasStopped(line, fall)) return 0;
    return explainedShare(this.#lines, line) >= tuning.growthExplainedShare ? fall : 0;
  }

  /** What fell for a while and now does not is over, though a line through that while still falls. */
  #hasStopped(line: number, fall: number): boolean {
    if (line === MINUTES) return -slopePerSecond(this.#lines, SECONDS) < fall * stillShare;
    if (line !== SECONDS || weightOf(this.#lines, RECENT) < burstWeightMin) return false;
    return -slopePerSecond(this.#lines, RECENT) < fall * stillShare;
  }

  #exhaustedInMs(line: number): number {
    const fall = this.#fall(line);
    return fall >= tuning.machineGrowthBytes ? (this.leftBytes / fall) * 1000 : Infinity;
  }
}

/** A share that follows what was measured by the stall window; NaN stays NaN. */
function blend(usual: number, measured: number, sinceMs: number): number {
  const keep = Math.exp(-sinceMs / tuning.stallWindowMs);
  return keep * usual + (1 - keep) * Math.min(1, Math.max(0, measured));
}
