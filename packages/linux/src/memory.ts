import { procBytes, readProcOnce } from './proc-file.ts';

/** The machine's memory (proc_meminfo(5)). */
export interface Memory {
  readonly memTotalBytes: number;
  /** What can be had without swapping: free memory and what the kernel would give up. */
  readonly memAvailableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
}

/**
 * Reads /proc/meminfo; a few microseconds.
 * @throws Error where /proc is not mounted
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readMemory(): Memory {
  const size = readProcOnce('/proc/meminfo');
  if (size < 0) throw new Error('/proc/meminfo cannot be read');
  const text = procBytes.toString('latin1', 0, size);
  return {
    memTotalBytes: bytesOf(text, 'MemTotal:'),
    memAvailableBytes: bytesOf(text, 'MemAvailable:'),
    swapTotalBytes: bytesOf(text, 'SwapTotal:'),
    swapFreeBytes: bytesOf(text, 'SwapFree:'),
  };
}

/** The file says kB and means 1024 bytes. A line that is not there (no swap in the kernel) is 0. */
function bytesOf(text: string, label: string): number {
  const found = text.indexOf(label);
  if (found < 0) return 0;
  const start = found + label.length;
  return Number.parseInt(text.slice(start, text.indexOf('\n', start)), 10) * 1024;
}
