import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

const stdout = 1;
const columnsFallback = 80;
const columnsMin = 20;

/**
 * How wide the terminal is that stdout writes to.
 *
 * @returns undefined where stdout is no terminal
 */
export function terminalColumns(): number | undefined {
  // In this order for what they cost: node:tty is loaded for devices alone, process.stdout for terminals alone.
  if (!isCharacterDevice() || !isatty(stdout)) return undefined;
  return Math.max(columnsMin, process.stdout.columns || columnsFallback);
}

function isCharacterDevice(): boolean {
  try {
    return fstatSync(stdout).isCharacterDevice();
  } catch {
    return false;
  }
}
