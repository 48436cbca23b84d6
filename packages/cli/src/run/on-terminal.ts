import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

const streams = [0, 1, 2];

/** Are standard input, output and error all a terminal? Then the command gets one too. */
export function isOnTerminal(): boolean {
  // In this order for what they cost: node:tty is loaded for devices alone.
  return streams.every(isCharacterDevice) && streams.every((fd) => isatty(fd));
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
