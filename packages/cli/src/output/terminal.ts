import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

const stdout = 1;
const stderr = 2;
const columnsFallback = 80;
const columnsMin = 20;

/**
 * How wide the terminal is that a descriptor writes to.
 *
 * @param fd stdout or stderr
 * @returns undefined where it is no terminal
 */
export function terminalColumns(fd: 1 | 2 = stdout): number | undefined {
  // In this order for what they cost: node:tty is loaded for devices alone, process.stdout for terminals alone.
  if (!isCharacterDevice(fd) || !isatty(fd)) return undefined;
  const { columns } = fd === stderr ? process.stderr : process.stdout;
  return Math.max(columnsMin, columns || columnsFallback);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
