/**
 * What the machine says of itself at one moment. One object is filled again and again. Totals grow from boot on; a
 * number that the machine does not tell is NaN.
 */
export interface MachineReading {
  /** CLOCK_MONOTONIC, milliseconds. */
  atMs: number;
  memTotalBytes: number;
  /** What can be had without swapping. */
  memAvailableBytes: number;
  swapTotalBytes: number;
  swapFreeBytes: number;
  /** Pressure stall totals, microseconds: some, or all, of the tasks that had work waited. NaN without PSI. */
  memorySomeUs: number;
  memoryFullUs: number;
  cpuSomeUs: number;
  ioSomeUs: number;
  ioFullUs: number;
  /** Of all CPUs together, clock ticks: at work, and in total. */
  cpuBusyTicks: number;
  cpuTotalTicks: number;
}

/** A reading that says nothing yet. */
export function emptyReading(): MachineReading {
  return {
    atMs: 0,
    memTotalBytes: NaN,
    memAvailableBytes: NaN,
    swapTotalBytes: 0,
    swapFreeBytes: 0,
    memorySomeUs: NaN,
    memoryFullUs: NaN,
    cpuSomeUs: NaN,
    ioSomeUs: NaN,
    ioFullUs: NaN,
    cpuBusyTicks: NaN,
    cpuTotalTicks: NaN,
  };
}
