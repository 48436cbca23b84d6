import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateFolder } from '#client/index.ts';

const tailBytes = 4096;

/** Where a server that was started by a command logs to. */
export function logPath(): string {
  return join(stateFolder(), 'logs', 'omnid.log');
}

/** Opens the log for appending; its folders are made where they are missing. @returns a file descriptor */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}

/** How long the log is: what comes after is the next server's. */
export function logLength(fd: number): number {
  return fstatSync(fd).size;
}

/**
 * The last line that was written after `from`, in words where it is pino's JSON.
 *
 * @returns undefined where nothing was written, or nothing can be read
 */
export function lastLogLine(path: string, from: number): string | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from, size - tailBytes);
      const bytes = Buffer.alloc(Math.max(0, size - start));
      readSync(fd, bytes, 0, bytes.length, start);
      return messageOf(bytes.toString('utf8').trim().split('\n').at(-1) ?? '');
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function messageOf(line: string): string | undefined {
  if (line === '') return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'msg' in entry && typeof entry.msg === 'string') return entry.msg;
  } catch {
    // Node's own words, on a crash.
  }
  return line;
}
