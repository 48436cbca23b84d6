import { addSample, clearLine, explainedShare, lineNumbers, slopePerSecond, spreadSeconds, weightOf } from './line.ts';
import { processKind, type ProcessColumns } from './process-columns.ts';
import { tuning } from './tuning.ts';

// The numbers of one process, in one slot of one array.
const SECONDS = 0;
const MINUTES = lineNumbers;
const BASELINE = 2 * lineNumbers;
const CPU_TICKS = BASELINE + 1;
const CPU_SHARE = BASELINE + 2;
const FLAT_SINCE = BASELINE + 3;
const slotNumbers = BASELINE + 4;

/** Two samples make a line of seconds: between two looks a process has grown, or it has not. A line of minutes wants more. */
const weightMin = 1.01;
const minutesSpreadSeconds = 4;
/** So much of the minutes' trend must be seen in the seconds'. */
const stillShare = 0.3;

/**
 * What every process was lately, carried from one look through the process table to the next: O(1) for each, in arrays
 * that were made beforehand. Both looks are ascending by pid, so old and new are matched in one walk.
 */
export class ProcessTrends {
  readonly #numbers: Float64Array;
  readonly #freeSlots: Int32Array;
  #freeCount: number;
  #pids: Int32Array;
  #starts: Float64Array;
  #slots: Int32Array;
  #nextPids: Int32Array;
  #nextStarts: Float64Array;
  #nextSlots: Int32Array;
  #count = 0;
  #atMs = 0;
  #columns: ProcessColumns | undefined;
  readonly #ticksPerSecond: number;

  /** @param capacity of the columns */
  constructor(capacity: number, ticksPerSecond: number) {
    this.#numbers = new Float64Array(capacity * slotNumbers);
    this.#freeSlots = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index);
    this.#freeCount = capacity;
    [this.#pids, this.#slots] = [new Int32Array(capacity), new Int32Array(capacity)];
    [this.#nextPids, this.#nextSlots] = [new Int32Array(capacity), new Int32Array(capacity)];
    [this.#starts, this.#nextStarts] = [new Float64Array(capacity), new Float64Array(capacity)];
    this.#ticksPerSecond = ticksPerSecond;
  }

  /**
   * Takes a look through the process table.
   *
   * @param isWell the machine is: what processes hold now is what they may hold
   */
  update(columns: ProcessColumns, isWell: boolean): void {
    const isFirst = this.#columns === undefined;
    const sinceMs = columns.atMs - this.#atMs;
    let old = 0;
    for (let row = 0; row < columns.count; row += 1) {
      const pid = at(columns.pid, row);
      for (; old < this.#count && at(this.#pids, old) < pid; old += 1) this.#free(at(this.#slots, old));
      const start = at(columns.startTicks, row);
      let isNew = true;
      let slot = -1;
      if (old < this.#count && at(this.#pids, old) === pid) {
        slot = at(this.#slots, old);
        isNew = at(this.#starts, old) !== start;
        old += 1;
      } else slot = this.#take();
      this.#nextPids[row] = pid;
      this.#nextStarts[row] = start;
      this.#nextSlots[row] = slot;
      if (isNew) this.#begin(slot, columns, row, isFirst, sinceMs);
      else this.#continue(slot, columns, row, sinceMs, isWell);
    }
    for (; old < this.#count; old += 1) this.#free(at(this.#slots, old));
    [this.#pids, this.#nextPids] = [this.#nextPids, this.#pids];
    [this.#starts, this.#nextStarts] = [this.#nextStarts, this.#starts];
    [this.#slots, this.#nextSlots] = [this.#nextSlots, this.#slots];
    this.#count = columns.count;
    this.#atMs = columns.atMs;
    this.#columns = columns;
  }

  /** Who was there at the first look is innocent of what it holds; who came since has grown from nothing. */
  #begin(slot: number, columns: ProcessColumns, row: number, isFirst: boolean, sinceMs: number): void {
    const base = slot * slotNumbers;
    const bytes = memoryOf(columns, row);
    clearLine(this.#numbers, base + SECONDS);
    clearLine(this.#numbers, base + MINUTES);
    if (!isFirst) this.#addSample(base, 0, 0);
    this.#addSample(base, bytes, sinceMs);
    this.#numbers[base + BASELINE] = isFirst ? bytes : 0;
    this.#numbers[base + CPU_TICKS] = at(columns.cpuTicks, row);
    this.#numbers[base + CPU_SHARE] = isFirst ? 0 : this.#share(at(columns.cpuTicks, row), sinceMs);
    this.#numbers[base + FLAT_SINCE] = Infinity;
  }

  #continue(slot: number, columns: ProcessColumns, row: number, sinceMs: number, isWell: boolean): void {
    const base = slot * slotNumbers;
    const bytes = memoryOf(columns, row);
    this.#addSample(base, bytes, sinceMs);
    const ticks = at(columns.cpuTicks, row);
    const share = this.#share(ticks - at(this.#numbers, base + CPU_TICKS), sinceMs);
    this.#numbers[base + CPU_TICKS] = ticks;
    this.#numbers[base + CPU_SHARE] = share;
    const isFlat = share >= tuning.loopCpuShareMin && share <= tuning.loopCpuShareMax;
    if (!isFlat) this.#numbers[base + FLAT_SINCE] = Infinity;
    else if (at(this.#numbers, base + FLAT_SINCE) === Infinity) this.#numbers[base + FLAT_SINCE] = columns.atMs;
    if (!isWell) return;
    const keep = Math.exp(-sinceMs / tuning.baselineWindowMs);
    this.#numbers[base + BASELINE] = keep * at(this.#numbers, base + BASELINE) + (1 - keep) * bytes;
  }

  #addSample(base: number, bytes: number, sinceMs: number): void {
    addSample(this.#numbers, base + SECONDS, bytes, sinceMs, tuning.secondsWindowMs);
    addSample(this.#numbers, base + MINUTES, bytes, sinceMs, tuning.minutesWindowMs);
  }

  #share(ticks: number, sinceMs: number): number {
    return sinceMs > 0 ? (ticks * 1000) / this.#ticksPerSecond / sinceMs : 0;
  }

  #take(): number {
    this.#freeCount -= 1;
    return at(this.#freeSlots, this.#freeCount);
  }

  #free(slot: number): void {
    this.#freeSlots[this.#freeCount] = slot;
    this.#freeCount += 1;
  }

  /** The row of a pid in the newest look, or -1. */
  rowOf(pid: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = at(this.#pids, middle);
      if (found === pid) return middle;
      if (found < pid) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** How fast its memory grows, bytes a second; 0 where it does not, or goes up and down. */
  growthBytes(row: number): number {
    const base = this.#base(row);
    const near = this.#rise(base + SECONDS, tuning.growthBytes);
    if (spreadSeconds(this.#numbers, base + MINUTES) < minutesSpreadSeconds) return near;
    const far = this.#rise(base + MINUTES, tuning.slowGrowthBytes);
    // What rose for a minute and now does not is over, though a line through that minute still rises.
    return slopePerSecond(this.#numbers, base + SECONDS) < far * stillShare ? near : Math.max(near, far);
  }

  /** What it holds more than it did while the machine was well, bytes. */
  grownBytes(row: number): number {
    return this.#columns === undefined ? 0 : Math.max(0, memoryOf(this.#columns, row) - this.#number(row, BASELINE));
  }

  /** Its use of CPU between the last two looks: 1 is one core. */
  cpuShare(row: number): number {
    return this.#number(row, CPU_SHARE);
  }

  /** Since when its use of CPU is that of one full core; Infinity where it is not. */
  flatSinceMs(row: number): number {
    return this.#number(row, FLAT_SINCE);
  }

  #rise(line: number, leastBytes: number): number {
    const rise = slopePerSecond(this.#numbers, line);
    if (rise < leastBytes || weightOf(this.#numbers, line) < weightMin) return 0;
    return explainedShare(this.#numbers, line) >= tuning.growthExplainedShare ? rise : 0;
  }

  #base(row: number): number {
    return at(this.#slots, row) * slotNumbers;
  }

  #number(row: number, number: number): number {
    return at(this.#numbers, this.#base(row) + number);
  }
}

/** What the process holds, in memory and in the swap. A zombie and a kernel thread hold nothing. */
export function memoryOf(columns: ProcessColumns, row: number): number {
  if ((at(columns.kind, row) & (processKind.kernelThread | processKind.zombie)) !== 0) return 0;
  return at(columns.rssBytes, row) + at(columns.swapBytes, row);
}

function at(array: Int32Array | Float64Array | Uint8Array, index: number): number {
  return array[index] ?? 0;
}
