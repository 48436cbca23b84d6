import { constants } from 'node:fs';
import type { MachineReading } from '#core/protector/machine-reading.ts';
import { EOPNOTSUPP, SystemCallError } from '../errno.ts';
import { closeFile, openFile, rereadFile } from '../ffi.ts';
import { findKib, numberAt } from './scan-number.ts';

const O_CLOEXEC = 0o2000000;
/** /proc/stat is long (a number for each interrupt), and all that is wanted stands in its first line. */
const fileBytes = 4096;

/**
 * Reads memory, swap, pressure (PSI) and CPU of the machine: five files that stay open, into one buffer, into one object.
 * Some ten microseconds, and no garbage.
 */
export class MachineSampler implements Disposable {
  readonly #buffer = Buffer.alloc(fileBytes);
  readonly #memory: number;
  readonly #cpu: number;
  readonly #pressures: readonly Pressure[];
  #open = true;

  /** @throws SystemCallError where /proc is not mounted */
  constructor() {
    this.#memory = openRequired('/proc/meminfo');
    this.#cpu = openRequired('/proc/stat');
    this.#pressures = [
      { fd: tryOpen('/proc/pressure/memory'), some: 'memorySomeUs', full: 'memoryFullUs' },
      { fd: tryOpen('/proc/pressure/cpu'), some: 'cpuSomeUs', full: undefined },
      { fd: tryOpen('/proc/pressure/io'), some: 'ioSomeUs', full: 'ioFullUs' },
    ];
  }

  /**
   * Fills a reading.
   *
   * @param atMs when that is, CLOCK_MONOTONIC
   * @throws SystemCallError where the kernel cannot
   */
  sample(reading: MachineReading, atMs: number): void {
    reading.atMs = atMs;
    const size = this.#read(this.#memory);
    reading.memTotalBytes = findKib(this.#buffer, size, 'MemTotal:') * 1024;
    reading.memAvailableBytes = findKib(this.#buffer, size, 'MemAvailable:') * 1024;
    reading.swapTotalBytes = findKib(this.#buffer, size, 'SwapTotal:') * 1024;
    reading.swapFreeBytes = findKib(this.#buffer, size, 'SwapFree:') * 1024;
    for (const pressure of this.#pressures) this.#readPressure(reading, pressure);
    this.#readCpu(reading);
  }

  #readPressure(reading: MachineReading, { fd, some, full }: Pressure): void {
    const size = fd < 0 ? -EOPNOTSUPP : rereadFile(fd, this.#buffer, fileBytes);
    reading[some] = size <= 0 ? NaN : totalOf(this.#buffer, size, 'some');
    if (full !== undefined) reading[full] = size <= 0 ? NaN : totalOf(this.#buffer, size, 'full');
  }

  /** user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already. */
  #readCpu(reading: MachineReading): void {
    const size = this.#read(this.#cpu);
    let total = 0;
    let idle = 0;
    let at = 4;
    for (let column = 0; column < 8; column += 1) {
      const value = numberAt(this.#buffer, at, size);
      total += value;
      if (column === 3 || column === 4) idle += value;
      at = afterNumber(this.#buffer, at, size);
    }
    reading.cpuTotalTicks = total;
    reading.cpuBusyTicks = total - idle;
  }

  #read(fd: number): number {
    const size = rereadFile(fd, this.#buffer, fileBytes);
    if (size < 0) throw new SystemCallError('pread', -size, '/proc');
    return size;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    for (const fd of [this.#memory, this.#cpu, ...this.#pressures.map((one) => one.fd)]) if (fd >= 0) closeFile(fd);
  }
}

interface Pressure {
  readonly fd: number;
  readonly some: 'memorySomeUs' | 'cpuSomeUs' | 'ioSomeUs';
  readonly full: 'memoryFullUs' | 'ioFullUs' | undefined;
}

function totalOf(bytes: Buffer, size: number, kind: 'some' | 'full'): number {
  const line = bytes.indexOf(kind, 0, 'latin1');
  if (line < 0 || line >= size) return NaN;
  const total = bytes.indexOf('total=', line, 'latin1');
  return total < 0 || total >= size ? NaN : numberAt(bytes, total, size);
}

function afterNumber(bytes: Buffer, start: number, size: number): number {
  let at = start;
  while (at < size && (bytes[at] ?? 0) === 0x20) at += 1;
  while (at < size && (bytes[at] ?? 0) > 0x20) at += 1;
  return at;
}

function tryOpen(path: string): number {
  return openFile(path, constants.O_RDONLY | O_CLOEXEC);
}

function openRequired(path: string): number {
  const fd = tryOpen(path);
  if (fd < 0) throw new SystemCallError('open', -fd, path);
  return fd;
}
